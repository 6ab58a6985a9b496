"""Compares the speed of animopt with that of other tools: `python -m benchmarks`."""
