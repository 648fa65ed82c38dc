"""Citations, and search in the published database."""
