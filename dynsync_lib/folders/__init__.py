"""Folders and files that the kit writes: private, of a random name while unfinished, and replaced only where ours."""
