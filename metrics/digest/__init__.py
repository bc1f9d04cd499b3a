"""The week in figures, by mail."""
