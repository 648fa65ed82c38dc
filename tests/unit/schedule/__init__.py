"""When syncs are due."""
