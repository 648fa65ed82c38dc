"""Readers: they make captures of what users hold. They know no page and no table."""
