"""The addresses of this room; the dashboard is the front page."""

from django.urls import URLPattern, path

from metrics.views import metric, overview, rows

app_name = "metrics"
urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("metrics/", metric.metric_list, name="metric-list"),
    path("metrics/<slug:kpi>/", metric.metric, name="metric"),
    path("metrics/<slug:kpi>/<slug:side>/", rows.metric_rows, name="metric-rows"),
]
