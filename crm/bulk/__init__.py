"""One change to many customers, taken back as one: small ones at once, large ones in slices."""
