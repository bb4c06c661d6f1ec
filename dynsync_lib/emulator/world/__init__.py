"""The demo world, and the folders that hold worlds."""
