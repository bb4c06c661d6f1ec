"""dynsync.toml as checked settings, with all its faults at once."""
