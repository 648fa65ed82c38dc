"""Reading harvester.toml."""
