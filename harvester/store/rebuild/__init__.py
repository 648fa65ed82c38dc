"""Rebuilds the database: what follows from pages is derived anew, all else is kept."""
