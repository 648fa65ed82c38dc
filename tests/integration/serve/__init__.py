"""The published database over HTTP and in a real browser."""
