"""The rows behind every numerator and denominator: their contributions add up to the number."""
