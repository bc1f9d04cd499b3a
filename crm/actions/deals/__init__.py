"""Deals: begun, changed, moved from stage to stage, won, lost, opened again, deleted.

Whoever puts a deal into a stage locks that stage first and the deal second, so that a stage is
never archived under a deal, and places within a column are given one after the other.
"""
