"""Dataverse's Web API, read."""
