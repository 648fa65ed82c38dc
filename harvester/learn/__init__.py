"""Learns the definition of an archive from one or two of its saved listing pages, without a model: by evidence."""
