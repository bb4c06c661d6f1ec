"""Faults, rights, clock and limits of the emulated portals."""
