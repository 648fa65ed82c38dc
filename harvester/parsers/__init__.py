"""Parsers: pure functions from a capture to a page. They do not depend on tables, files or the network."""
