"""What both portals allow, looked at before a pull."""
