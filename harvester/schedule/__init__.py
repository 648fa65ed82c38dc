"""Periodic syncs: when they are due, the processes that run them, their results, and alerts. It reads no page."""
