"""Live harvests of a local archive, which moves and misbehaves."""
