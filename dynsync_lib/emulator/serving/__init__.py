"""The emulated portals on 127.0.0.1."""
