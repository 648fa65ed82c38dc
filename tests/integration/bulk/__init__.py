"""Bulk readings by processes, clusters, and what kills them."""
