"""Parsers: pure functions from a capture to a page. Nothing here knows a table, a file or the network."""
