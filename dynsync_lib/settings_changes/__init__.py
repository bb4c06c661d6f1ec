"""Changes to dynsync.toml that keep every comment of it."""
