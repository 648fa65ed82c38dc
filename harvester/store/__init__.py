"""The store: the only package that uses the tables. A run writes pages into it, each in one transaction."""
