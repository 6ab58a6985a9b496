"""What animopt costs, beside what else one would use: `python -m benchmarks`."""
