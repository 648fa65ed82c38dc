"""One small file per archive: its Source (what is special about it, as data) and its spider."""
