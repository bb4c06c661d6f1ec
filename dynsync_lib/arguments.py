"""What is written after a command, read and checked.

Where it is used: `cli`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from dynsync_lib import kit
from dynsync_lib.errors import UsageError

SEVERITIES: Final = ("blocker", "high", "medium", "low")
"""Of findings, the worst first."""


def read_addresses(file: Path | None) -> kit.Addresses | None:
    """What `dynsync emulator --json` printed, from a file; None without one. Raises UsageError when it is not that."""
    if file is None:
        return None
    try:
        told: kit.Addresses = json.loads(file.read_text(encoding="utf-8"))
        return {name: dict(told[name]) for name in ("hubspot", "dynamics")}
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            f"{file} does not hold the line that an emulator printed.",
            next_step=f"Run `dynsync emulator --json > {file}` and leave it running.",
        ) from None


def read_assumptions(choices: Iterable[str] | None) -> dict[str, str]:
    """The choices of `--set assumption=choice`, by assumption. Raises UsageError when one has another form."""
    chosen = {}
    for choice in choices or ():
        name, equals, value = choice.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"--set {choice} is not of the form assumption=choice.", next_step="See `dynsync rules`.")
        chosen[name.strip()] = value.strip()
    return chosen


def refuse_severity(fail_on: str) -> None:
    """Raises UsageError when `--fail-on` names no severity; nothing at all is right."""
    if fail_on and fail_on not in SEVERITIES:
        raise UsageError(f"--fail-on {fail_on} is no severity.", next_step=f"Use one of: {', '.join(SEVERITIES)}.")


def at_least(severity: str) -> tuple[str, ...]:
    """The severities that are as bad or worse."""
    return SEVERITIES[: SEVERITIES.index(severity) + 1]
