"""From a snapshot to a forecast's folder, and what is read back from it."""
