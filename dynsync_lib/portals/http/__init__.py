"""The only way out to the portals."""
