"""The addresses at which anybody may answer, and those at which staff say what is asked, and where."""

from django.urls import URLPattern, path

from surveys.views import preview, public, sharing, versions

urlpatterns: list[URLPattern] = [
    path("p/<slug:slug>/", public.page, name="public"),
    path("p/<slug:slug>/kiosk/", public.kiosk, name="public-kiosk"),
    path("p/<slug:slug>/widget/", public.widget, name="public-widget"),
    path("p/<slug:slug>/widget.js", public.widget_script, name="public-widget-script"),
    path("surveys/<int:survey_id>/share/", sharing.share, name="survey-share"),
    path("surveys/<int:survey_id>/qr.svg", sharing.code, {"kind": "svg"}, name="survey-qr-svg"),
    path("surveys/<int:survey_id>/qr.png", sharing.code, {"kind": "png"}, name="survey-qr-png"),
    path("surveys/<int:survey_id>/poster/<slug:language>/", sharing.poster, name="survey-poster"),
    path("surveys/preview/<slug:kind>/", preview.survey_preview, name="survey-preview"),
    path("surveys/<int:survey_id>/versions/", versions.version_list, name="version-list"),
    path(
        "surveys/<int:survey_id>/versions/<int:number>/again/",
        versions.version_use_again,
        name="version-use-again",
    ),
]
