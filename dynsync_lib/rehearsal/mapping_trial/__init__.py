"""Edge values of every mapped field, written into the test portals and read back, beside what the forecast says."""
