"""Walks of listings that move, and how a process is known again."""
