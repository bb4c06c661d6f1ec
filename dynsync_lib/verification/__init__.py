"""Two snapshots of the same portals against the forecast of the earlier one: which predictions held."""
