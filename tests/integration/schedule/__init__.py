"""Schedulers at work: real processes, clocks and notifications."""
