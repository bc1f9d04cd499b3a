"""A bare Django project on the same data: what no page can do without, and nothing else."""
