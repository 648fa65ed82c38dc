"""Withdrawal of documents: they are removed from the database, kept out of it, and restored."""
