"""A rehearsal of the initial sync in two test portals: planned, written, run, compared, cleaned up."""
