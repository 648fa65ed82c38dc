"""Tests with servers, processes, signals and real files; the folders are named by what users do."""
