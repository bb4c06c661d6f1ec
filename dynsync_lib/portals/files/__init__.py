"""Exported files read into a snapshot."""
