"""Whether the database is sound, and what mends it."""
