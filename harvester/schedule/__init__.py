"""Periodic syncs: what is due when, who runs it, what came of it, and who is told. It knows no page and no network."""
