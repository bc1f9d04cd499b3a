"""The addresses of this room; the dashboard is the front page."""

from django.urls import URLPattern, path

from metrics.views import (
    annotations,
    cohorts,
    dashboards,
    findings,
    metric,
    papers,
    rows,
    segments,
    targets,
    undoing,
)

app_name = "metrics"
urlpatterns: list[URLPattern] = [
    path("", dashboards.dashboard, name="overview"),
    path("dashboards/<slug:name>/", dashboards.dashboard, name="dashboard"),
    path("dashboards/<slug:name>/print/", papers.dashboard_print, name="dashboard-print"),
    path("dashboards/<slug:name>/pdf/", papers.dashboard_pdf, name="dashboard-pdf"),
    path("dashboards/<slug:name>/csv/", papers.dashboard_csv, name="dashboard-csv"),
    path("cohorts/", cohorts.cohort_grid, name="cohorts"),
    path("targets/", targets.target_list, name="target-list"),
    path("targets/<slug:kpi>/", targets.target_set, name="target-set"),
    path("targets/<slug:kpi>/end/", targets.target_end, name="target-end"),
    path("targets/<int:pk>/delete/", targets.target_delete, name="target-delete"),
    path("annotations/", annotations.annotation_list, name="annotation-list"),
    path("annotations/new/", annotations.annotation_create, name="annotation-create"),
    path("annotations/<int:pk>/", annotations.annotation, name="annotation"),
    path("annotations/<int:pk>/edit/", annotations.annotation_edit, name="annotation-edit"),
    path("annotations/<int:pk>/delete/", annotations.annotation_delete, name="annotation-delete"),
    path(
        "annotations/<int:pk>/announce/",
        annotations.annotation_announce,
        name="annotation-announce",
    ),
    path("figures/undo/<int:pk>/", undoing.undo, name="undo"),
    path("metrics/", metric.metric_list, name="metric-list"),
    path("metrics/<slug:kpi>/", metric.metric, name="metric"),
    path("metrics/<slug:kpi>/customers/", segments.metric_segment, name="metric-segment"),
    path("metrics/<slug:kpi>/csv/", segments.metric_csv, name="metric-csv"),
    path("metrics/<slug:kpi>/groups/", segments.metric_breakdown, name="metric-breakdown"),
    path(
        "metrics/<slug:kpi>/groups/csv/",
        segments.metric_breakdown_csv,
        name="metric-breakdown-csv",
    ),
    path("metrics/<slug:kpi>/<slug:side>/", rows.metric_rows, name="metric-rows"),
    path("findings/", findings.finding_list, name="finding-list"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("findings/<int:pk>/act/", findings.finding_act, name="finding-act"),
    path("findings/<int:pk>/later/", findings.finding_snooze, name="finding-snooze"),
    path("findings/<int:pk>/dismiss/", findings.finding_dismiss, name="finding-dismiss"),
    path("findings/<int:pk>/undo/", findings.finding_undo, name="finding-undo"),
]
