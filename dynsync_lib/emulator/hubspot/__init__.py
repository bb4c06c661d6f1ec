"""HubSpot's API, emulated."""
