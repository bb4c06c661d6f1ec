"""What a pair writes, and why a target refuses a record."""
