"""Definitions of archives: TOML files that say how an archive's pages are found and read."""
