"""Taller Aurora: a believable bicycle workshop in Valencia, made up but for its arithmetic.

`clock` says when things happened, `words` how people talk, `people` who they are, `history` what
each of them did, `ledger` what it cost, `stories` the few that one should meet, `loading` writes it
all in batches. The same seed on the same day gives the same business.
"""
