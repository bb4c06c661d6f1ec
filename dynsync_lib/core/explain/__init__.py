"""The chain of reasons of one record."""
