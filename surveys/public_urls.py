"""The addresses at which anybody may answer, and those of staff who open them."""

from django.urls import URLPattern, path

from surveys.views import public, sharing

urlpatterns: list[URLPattern] = [
    path("p/<slug:slug>/", public.page, name="public"),
    path("p/<slug:slug>/kiosk/", public.kiosk, name="public-kiosk"),
    path("p/<slug:slug>/widget/", public.widget, name="public-widget"),
    path("p/<slug:slug>/widget.js", public.widget_script, name="public-widget-script"),
    path("surveys/<int:survey_id>/share/", sharing.share, name="survey-share"),
    path("surveys/<int:survey_id>/qr.svg", sharing.code, {"kind": "svg"}, name="survey-qr-svg"),
    path("surveys/<int:survey_id>/qr.png", sharing.code, {"kind": "png"}, name="survey-qr-png"),
    path("surveys/<int:survey_id>/poster/<slug:language>/", sharing.poster, name="survey-poster"),
]
