"""The store: the only place that knows tables. A run takes pages into it, each in one transaction."""
