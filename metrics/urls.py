"""The addresses of this room; the dashboard is the front page."""

from django.urls import URLPattern, path

from metrics.views import findings, metric, overview, rows

app_name = "metrics"
urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("metrics/", metric.metric_list, name="metric-list"),
    path("metrics/<slug:kpi>/", metric.metric, name="metric"),
    path("metrics/<slug:kpi>/<slug:side>/", rows.metric_rows, name="metric-rows"),
    path("findings/", findings.finding_list, name="finding-list"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("findings/<int:pk>/act/", findings.finding_act, name="finding-act"),
    path("findings/<int:pk>/later/", findings.finding_snooze, name="finding-snooze"),
    path("findings/<int:pk>/dismiss/", findings.finding_dismiss, name="finding-dismiss"),
    path("findings/<int:pk>/undo/", findings.finding_undo, name="finding-undo"),
]
