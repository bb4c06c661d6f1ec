"""The records of an emulated portal, in SQLite."""
