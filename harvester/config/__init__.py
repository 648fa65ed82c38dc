"""The configuration file, harvester.toml: archives, listings, schedules and alerts. It is optional."""
