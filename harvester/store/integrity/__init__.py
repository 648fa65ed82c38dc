"""Checks the integrity of the database, and repairs it."""
