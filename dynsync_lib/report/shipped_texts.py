"""The texts that lie beside this module as TOML: decisions, reasons, tasks, the glossary, and translations.

Where it is used: `report.decisions`, `report.reasons`, `report.work_plan`, `report.glossary`, `report.translation`.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any


def read_shipped(*path: str) -> dict[str, Any]:
    """The content of a file of this package by its path, such as `"texts", "de.toml"`."""
    return tomllib.loads(resources.files("dynsync_lib.report").joinpath(*path).read_text(encoding="utf-8"))
