"""One small file for each archive: its Source, which describes it as data, and from which its spider is made."""
