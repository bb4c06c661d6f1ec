"""Microsoft's sign-in, emulated."""
