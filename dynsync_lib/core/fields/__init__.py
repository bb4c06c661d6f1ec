"""What fields are, and which way values may flow between two of them."""
