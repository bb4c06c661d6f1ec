"""Who is matched with whom: steps 1 to 5 of docs/semantics.md."""
