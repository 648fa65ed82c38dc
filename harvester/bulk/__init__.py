"""Bulk reading: very large collections are planned, read in parts by any number of machines, and loaded."""
