"""How far other answers to the open questions move the result."""
