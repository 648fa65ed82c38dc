"""Tests of one package at a time, in this process; the folders are those of `harvester` and `db`."""
