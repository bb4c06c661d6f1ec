"""Which property and which column probably mean the same, with a score and a reason."""
