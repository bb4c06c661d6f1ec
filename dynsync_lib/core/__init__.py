"""The pure core: lazy tables and settings in, lazy tables out. It opens no file and no socket and reads no clock."""
