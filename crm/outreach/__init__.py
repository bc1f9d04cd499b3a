"""Personal messages to many: to whom they go, in which words, when, and what came of them."""
