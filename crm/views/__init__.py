"""The pages of the customer room, a module per noun."""
