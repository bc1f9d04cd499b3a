"""Pages of the metrics room: the dashboard, each metric, and the rows behind a number."""
