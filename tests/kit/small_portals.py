"""Two portals out of a few lines of CSV, for tests whose figures are counted by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from dynsync_lib import kit
from dynsync_lib.snapshot.snapshot import Snapshot

TAKEN_AT = datetime(2026, 11, 23, tzinfo=UTC)


def load_portals(folder: Path, files: Mapping[str, str], *, taken_at: datetime = TAKEN_AT) -> Snapshot:
    """The snapshot of `h/contacts`, `d/accounts` and their like: file names without the ending, to their text."""
    for name, text in files.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return kit.load(folder / "h", folder / "d", folder / "s", taken_at=taken_at)


def forecast_portals(folder: Path, files: Mapping[str, str], settings: str) -> kit.Forecast:
    """The forecast, in `forecast`, of the snapshot of these files under the text of settings."""
    snapshot = load_portals(folder, files)
    (folder / "dynsync.toml").write_text(settings, encoding="utf-8")
    return kit.forecast(snapshot, folder / "dynsync.toml", folder / "forecast")
