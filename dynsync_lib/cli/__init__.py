"""The `dynsync` command: arguments, commands, printing."""
