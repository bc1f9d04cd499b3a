"""The addresses of the list of tickets, and of what is done to many of them."""

from django.urls import URLPattern, path

from support.views import saved_views, selection, ticket_list

urlpatterns: list[URLPattern] = [
    path("tickets/", ticket_list.ticket_list, name="ticket-list"),
    path("tickets/filter/", ticket_list.ticket_filter, name="ticket-filter"),
    path("tickets/selected/", selection.act, name="tickets-selected"),
    path("tickets/change/", selection.change, name="tickets-change"),
    path("tickets/merge/", selection.merge, name="tickets-merge"),
    path("tickets/unmerge/", selection.unmerge, name="tickets-unmerge"),
    path("tickets/undo/<int:pk>/", selection.undo, name="tickets-undo"),
    path("tickets/views/", saved_views.views, name="views"),
    path("tickets/views/new/", saved_views.view_create, name="view-create"),
    path("tickets/views/<int:pk>/", saved_views.view_edit, name="view-edit"),
    path("tickets/views/<int:pk>/delete/", saved_views.view_delete, name="view-delete"),
    path("tickets/views/<int:pk>/<slug:way>/", saved_views.view_move, name="view-move"),
]
