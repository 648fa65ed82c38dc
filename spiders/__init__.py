"""One small file per archive: its Source (what is special about it, as data), of which its spider is made."""
