"""The shape of what people type in the customer room; every form ends in an action."""
