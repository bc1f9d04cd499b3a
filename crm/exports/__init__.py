"""This room's lists as files, and its kinds in the columns that an import takes back."""
