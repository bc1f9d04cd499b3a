"""Bringing a business's history in from files: reading, checking, matching, writing in bulk.

`reading` turns a file into rows, `parsing` cells into values, `kinds` says what can be imported,
`facts` and `customers` match and write a batch, `run` drives a whole file and keeps the account.
"""
