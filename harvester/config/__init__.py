"""What harvester.toml says: how often, from where, and who is to be told. Nothing needs it; it saves typing."""
