"""The fewest changes to records that take most of the collision risk away, found by deciding the sync again."""
