"""Excel workbooks, written and read: what is safe to open, and what is safe to read."""
