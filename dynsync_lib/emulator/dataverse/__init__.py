"""Dataverse's Web API, emulated."""
