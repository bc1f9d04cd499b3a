"""The addresses at which the desk is set up."""

from django.urls import URLPattern, path

from support.views import canned, desk

urlpatterns: list[URLPattern] = [
    path("settings/desk/", desk.rules, name="desk"),
    path("settings/desk/queues/", desk.queues, name="queues"),
    path("settings/desk/queues/new/", desk.queue_create, name="queue-create"),
    path("settings/desk/queues/<int:pk>/", desk.queue_edit, name="queue-edit"),
    path("settings/desk/queues/<int:pk>/<slug:step>/", desk.queue_step, name="queue-step"),
    path("settings/desk/categories/", desk.categories, name="categories"),
    path("settings/desk/categories/<int:pk>/", desk.category_edit, name="category-edit"),
    path(
        "settings/desk/categories/<int:pk>/archive/", desk.category_archive, name="category-archive"
    ),
    path("settings/desk/replies/", canned.canned_replies, name="canned"),
    path("settings/desk/replies/new/", canned.canned_create, name="canned-create"),
    path("settings/desk/replies/<int:pk>/", canned.canned_edit, name="canned-edit"),
    path("settings/desk/replies/<int:pk>/delete/", canned.canned_delete, name="canned-delete"),
]
