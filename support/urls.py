"""The addresses of this room."""

from django.urls import URLPattern, URLResolver, include, path

from support import (
    board_urls,
    desk_urls,
    list_urls,
    notice_urls,
    public_urls,
    service_level_urls,
    ticket_urls,
)

app_name = "support"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(list_urls.urlpatterns)),
    path("", include(desk_urls.urlpatterns)),
    path("", include(ticket_urls.urlpatterns)),
    path("", include(board_urls.urlpatterns)),
    path("", include(public_urls.urlpatterns)),
    path("", include(service_level_urls.urlpatterns)),
    path("", include(notice_urls.urlpatterns)),
]
