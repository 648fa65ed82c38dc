"""The database as it is published: its schema (migrations) and the Datasette configuration directory."""
