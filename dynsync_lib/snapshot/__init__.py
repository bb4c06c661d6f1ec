"""The snapshot folder: written once, hashed, checked when opened."""
