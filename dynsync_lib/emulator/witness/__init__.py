"""A second opinion on the initial sync, written from docs/semantics.md alone."""
