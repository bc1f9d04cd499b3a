"""What the figures say should be acted on: rules that find it, and what people decide about it."""
