"""What the forecast says beside outcomes."""
