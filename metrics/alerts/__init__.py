"""Alerts: a figure that leaves its band is told of once."""
