"""Shapes of input of the help desk; each ends in an action."""
