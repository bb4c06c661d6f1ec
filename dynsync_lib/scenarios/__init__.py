"""Scenarios: what the sync does under other settings, side by side and at once."""
