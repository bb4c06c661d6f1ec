"""Tries operations one after the other and prints, as one JSON line, what each ended with: null, or its error as text.

The addresses of the emulator, as `dynsync emulator --json` prints them, are the first argument.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any


def read_addresses() -> dict[str, dict[str, str]]:
    """The addresses and secrets of the emulator, by portal."""
    addresses: dict[str, dict[str, str]] = json.loads(sys.argv[1])
    return addresses


def run(operations: Mapping[str, Callable[[], Any]]) -> None:
    """Tries every operation and prints the results."""
    results: dict[str, str | None] = {}
    for name, operation in operations.items():
        try:
            operation()
            results[name] = None
        except Exception as error:  # noqa: BLE001 - whatever a client raises is its result
            results[name] = f"{type(error).__name__}: {error}"
    sys.stdout.write(json.dumps(results) + "\n")
