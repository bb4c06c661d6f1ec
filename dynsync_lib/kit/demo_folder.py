"""The folder of a demo: it replaces an earlier demo when it is whole, and nothing else.

Facts
    * `demo.json` marks it, with the digests of the settings and of the snapshot's manifest: a folder in which somebody
      edited the settings, or went on with another snapshot, is somebody's work.
    * Forecast and report in it may have been made again; they must be the kit's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import dynsync_lib
from dynsync_lib.core.tables import FORECAST_TABLES
from dynsync_lib.folders.own_folder import Content, FolderKind, is_digest, refuse_foreign
from dynsync_lib.folders.replaced_file import refuse_foreign_file
from dynsync_lib.folders.replaced_folder import replaced_folder
from dynsync_lib.forecasts.forecast_folder import FORECAST_FOLDER
from dynsync_lib.report.runner import REPORT_FILE
from dynsync_lib.snapshot.writer import SNAPSHOT_NAMES

DEMO_FILE: Final = "demo.json"
_AS_WRITTEN: Final = ("dynsync.toml", "snapshot/manifest.json")
_TABLES: Final = "|".join(FORECAST_TABLES)
_NAMES: Final = re.compile(
    rf"dynsync\.toml|report\.html|(snapshot|forecast)/|snapshot/({SNAPSHOT_NAMES})"
    rf"|forecast/(forecast\.json|({_TABLES})\.(parquet|csv))"
)


def _names_of_demo(content: Content) -> re.Pattern[str] | None:
    digests = content.get("digests")
    is_demo = isinstance(digests, dict) and all(is_digest(digests.get(name)) for name in _AS_WRITTEN)
    return _NAMES if is_demo else None


DEMO_FOLDER: Final = FolderKind("a demo", DEMO_FILE, _names_of_demo)


@contextmanager
def replaced_demo(out: Path) -> Iterator[Path]:
    """The folder to put settings, snapshot, forecast and report into; when the block ends, it replaces `out`.

    Raises UsageError when `out` is no demo that nobody changed.
    """
    with replaced_folder(out, DEMO_FOLDER) as folder:
        refuse_foreign(out / "forecast", FORECAST_FOLDER)
        refuse_foreign_file(out / "report.html", REPORT_FILE)
        yield folder.new
        digests = {name: hashlib.sha256((folder.new / name).read_bytes()).hexdigest() for name in _AS_WRITTEN}
        text = json.dumps({"kit_version": dynsync_lib.__version__, "digests": digests}, indent=2) + "\n"
        (folder.new / DEMO_FILE).write_text(text, encoding="utf-8")
