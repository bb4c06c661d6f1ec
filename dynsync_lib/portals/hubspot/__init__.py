"""HubSpot's API, read."""
