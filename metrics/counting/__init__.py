"""Figures that nobody can wait for: measured by a worker, while the page says so and looks again.

What is about some customers, or about any days, is measured when somebody asks. That is done at once
where it takes no longer than `asking.PATIENCE`; else it becomes a row that a worker fills, and that the
page shows for as long as it is kept.
"""
