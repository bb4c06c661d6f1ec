"""The one place of the kit that writes to portals, and to test portals only."""
