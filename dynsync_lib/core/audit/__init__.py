"""The audit rules and their findings."""
