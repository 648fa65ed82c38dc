"""Tests of what a page teaches about its archive."""
