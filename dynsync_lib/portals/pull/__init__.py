"""Both APIs read into a snapshot."""
