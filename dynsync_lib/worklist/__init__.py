"""A forecast as work: one sheet a decision, one row a thing to do, and the marks that people put there, read back."""
