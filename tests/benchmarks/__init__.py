"""Benchmarks: ratios taken in one run, each with its result checked. `python -m tests.benchmarks --help`."""
