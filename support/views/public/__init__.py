"""The pages of people who have no account: their ticket, the feedback page, the board."""
