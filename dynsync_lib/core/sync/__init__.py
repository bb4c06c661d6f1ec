"""The initial sync decided."""
