"""Crafted records whose sync answers the open questions, and the reading of the answers."""
