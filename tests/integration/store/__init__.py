"""The database under kills, failing disks, other writers and users' own tables."""
