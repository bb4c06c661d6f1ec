"""What the fields of a snapshot hold: each alone, and the two of a mapping beside each other."""
