"""Readers: they make captures from what users have. They do not depend on pages or tables."""
