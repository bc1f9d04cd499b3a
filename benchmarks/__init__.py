"""`make bench`: what the work costs, beside a floor measured in the same run (docs/benchmarks.md)."""
