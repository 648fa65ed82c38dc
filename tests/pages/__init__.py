"""Saved pages with what a reader finds in them, a folder each, and pages that are made up."""
