"""The addresses of this room."""

from django.urls import URLPattern, path

from staff.views import business, exports, people, watch

app_name = "staff"
urlpatterns: list[URLPattern] = [
    path("setup/", business.setup, name="setup"),
    path("logo/", business.logo, name="logo"),
    path("settings/", business.business_settings, name="settings"),
    path("settings/logo/", business.change_logo, name="change-logo"),
    path("settings/profile/", people.profile, name="profile"),
    path("settings/people/", people.people, name="people"),
    path("settings/people/invite/", people.invite, name="invite"),
    path("settings/people/<int:user_id>/", people.person, name="person"),
    path("settings/people/<int:user_id>/invite/", people.invite_again, name="invite-again"),
    path("settings/people/<int:user_id>/deactivate/", people.deactivate, name="deactivate"),
    path("settings/people/<int:user_id>/reactivate/", people.reactivate, name="reactivate"),
    path("settings/audit/", watch.audit_trail, name="audit"),
    path("settings/health/", watch.system_health, name="health"),
    path("exports/", exports.export_list, name="export-list"),
    path("exports/new/", exports.export_create, name="export-create"),
    path("exports/<int:pk>/file/", exports.export_file, name="export-file"),
    path("exports/<int:pk>/cancel/", exports.export_cancel, name="export-cancel"),
]
