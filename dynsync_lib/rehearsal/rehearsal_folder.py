"""A rehearsal's folder: what is in it, by what it is known, and how far the rehearsal has come.

Facts
    * `rehearsal.json` is the mark. A plan writes it, with settings, key, sample, the look-alikes (a snapshot) and
      what is predicted of them (a forecast); it is never written again. All that happens later stands in a journal and
      in folders of its own, so that a step was done when its folder is there.
    * A folder with a journal is never replaced by another plan: portals may hold what only the journal names.
    * It holds the ids of customers' records beside those of their look-alikes, and no other personal data; its files
      are private.

Where it is used: all of `rehearsal`, `kit.rehearsals`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.tables import FORECAST_TABLES, Column
from dynsync_lib.errors import SnapshotError, UsageError
from dynsync_lib.folders.own_folder import Content, FolderKind, is_digest
from dynsync_lib.forecasts.forecast_check import FORECAST_FILE
from dynsync_lib.forecasts.forecast_folder import Forecast, open_forecast, read_rows
from dynsync_lib.shapes import Named, misshapen
from dynsync_lib.small_files import SmallFileError, read_json
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot
from dynsync_lib.snapshot.writer import SNAPSHOT_NAMES

REHEARSAL_FILE: Final = "rehearsal.json"
SETTINGS_FILE: Final = "settings.toml"
KEY_FILE: Final = "secrets.key"
SAMPLE_FILE: Final = "sample.parquet"
LOOK_ALIKES: Final = "look_alikes"
PLANNED: Final = "planned"
JOURNAL_FILE: Final = "journal.jsonl"
BEFORE: Final = "before"
BEFORE_FORECAST: Final = "before_forecast"
AFTER: Final = "after"
RECEIPT: Final = "receipt"
COMPARED_FILE: Final = "compared.json"
"""How right the predictions about the look-alikes were, as `rehearse compare` said last."""
VERSION: Final = 1
"""Of the folder's layout; another one is refused."""
TAG_PROPERTY: Final = "dynsync_rehearsal"
"""The text property of HubSpot's look-alikes that holds the tag. Dynamics needs no column: see `tag`."""
TAG_DIGITS: Final = 16
"""Hexadecimal digits of a tag: eight bytes."""
_AGAIN: Final = "Plan it again with `dynsync rehearse plan`."

SAMPLE_COLUMNS: Final = (
    Column("system", "text", "Where the record lives."),
    Column("object", "text", "HubSpot's word for what it is."),
    Column("record_id", "text", "Id of the customer's record."),
    Column("look_alike_id", "text", "Id of its look-alike: in HubSpot its place in the order of creation, 1 the first; "
           "in Dynamics the GUID that is written."),
    Column("outcome", "text", "The outcome of the forecast, which the look-alike must have, too."),
    Column("reason", "text", "The forecast's reason; null where the outcome has none."),
    Column("rule_id", "text", "The rule that the outcome follows from."),
    Column("covers", "text", "Ids of what it shows and no record before it, joined by `;`; null when nothing."),
    Column("needed_by", "text", "For a dependency the first record that needs it, as `system/object/id`; else null."),
)  # fmt: skip
"""The columns of the sample, one row a record, in order of system, object and look-alike's place."""


class Step(StrEnum):
    """How far a rehearsal has come, the last step that left something."""

    PLANNED = "planned"
    WRITING = "writing"
    """A journal exists: portals may hold look-alikes."""
    SEEDED = "seeded"
    """All look-alikes stand in the portals, which were read afterwards."""
    READ_BACK = "read_back"
    """The portals were read after the sync."""
    COMPARED = "compared"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One rehearsal. `info` is `rehearsal.json`:

    version, kit_version, rulebook_version, tag, snapshot_sha256, settings_sha256, digests (SHA-256 of the plan's own
    files), holds_until (when a filter on the last days would first say something else of a look-alike; null when none
    would), records (by table name of the snapshot), writes (by system: records, associations, deactivations, requests,
    created_by_sync), covered and not_covered (what there is to show: `id`, `words`, `in_forecast`, and `records` or
    `why`), lacking (rows as `rehearsal.lacking.Lack`).
    """

    folder: Path
    info: Mapping[str, Any]

    @property
    def tag(self) -> str:
        """Sixteen hexadecimal digits by which look-alikes are known.

        HubSpot's hold it in TAG_PROPERTY. In Dynamics the GUIDs of look-alikes begin with it: `tttttttt-tttt-tttt-`,
        bytes that SQL Server looks at last when it sorts.
        """
        return str(self.info["tag"])

    @property
    def settings_path(self) -> Path:
        """The settings that it was planned with."""
        return self.folder / SETTINGS_FILE

    @property
    def journal_path(self) -> Path:
        """What was intended in the portals and what they answered, a line each; not there before anything was."""
        return self.folder / JOURNAL_FILE

    @property
    def before_path(self) -> Path:
        """The snapshot of both test portals after seeding; not there before."""
        return self.folder / BEFORE

    @property
    def before_forecast_path(self) -> Path:
        """The forecast of `before_path`; not there before."""
        return self.folder / BEFORE_FORECAST

    @property
    def after_path(self) -> Path:
        """The snapshot of both test portals after the sync; not there before."""
        return self.folder / AFTER

    @property
    def read_again_path(self) -> Path:
        """Where the snapshot of after grows when it is taken again; there no longer than that."""
        return self.folder / f"{AFTER}.again"

    @property
    def receipt_path(self) -> Path:
        """The folder of the verification; not there before."""
        return self.folder / RECEIPT

    @property
    def compared_path(self) -> Path:
        """The figures of the comparison; not there before."""
        return self.folder / COMPARED_FILE

    @property
    def step(self) -> Step:
        """How far it has come, by the files that are there."""
        marks = (
            (Step.COMPARED, self.receipt_path),
            (Step.READ_BACK, self.after_path),
            (Step.SEEDED, self.before_path),
            (Step.WRITING, self.journal_path),
        )
        return next((step for step, path in marks if path.exists()), Step.PLANNED)

    def look_alikes(self) -> Snapshot:
        """The records as they are to stand in the test portals. Raises SnapshotError when they were changed."""
        return open_snapshot(self.folder / LOOK_ALIKES)

    def before(self) -> Snapshot:
        """Both test portals after seeding. Raises SnapshotError before that."""
        return open_snapshot(self.before_path)

    def planned(self) -> Forecast:
        """What is predicted of the look-alikes: a forecast of `look_alikes`, proved record by record."""
        return open_forecast(self.folder / PLANNED)

    def sample(self) -> list[dict[str, Any]]:
        """One row a record, as SAMPLE_COLUMNS."""
        return read_rows(self.folder / SAMPLE_FILE)


def read_plan_file(file: Path, version: int, shape: Mapping[str, Any], *, next_step: str) -> dict[str, Any]:
    """What a plan's JSON file says. Raises SnapshotError when it is none, of another version, or of another shape."""
    try:
        info = read_json(file)
    except SmallFileError as error:
        raise SnapshotError(f"{file} {error}.", next_step=next_step) from error
    written = info.get("version") if isinstance(info, dict) else None
    if written != version:
        sentence = f"{file} is of version {written}, and this kit reads version {version}."
        raise SnapshotError(sentence, next_step=next_step)
    fault = misshapen(info, shape)
    if fault is not None:
        raise SnapshotError(f"{file} cannot be used: {fault}.", next_step=next_step)
    return dict(info)


def open_rehearsal(folder: str | Path) -> Rehearsal:
    """The rehearsal in a folder. Raises SnapshotError when it is none, or not one that this kit can read."""
    path = Path(folder)
    file = path / REHEARSAL_FILE
    if not file.is_file():
        raise SnapshotError(f"{path} is no rehearsal: it has no {REHEARSAL_FILE}.", next_step=_AGAIN)
    info = read_plan_file(file, VERSION, _INFO, next_step=_AGAIN)
    lacking = [name for name in _PLAN_PARTS if not (path / name).exists()]
    if lacking:
        raise SnapshotError(f"The rehearsal {path} lacks {', '.join(lacking)}.", next_step=_AGAIN)
    return Rehearsal(path, info)


def begun_rehearsal(folder: Path, snapshot: Snapshot, settings_digest: str) -> Rehearsal | None:
    """The rehearsal in a folder, of this snapshot and settings, of which portals may hold something; else None."""
    if not (folder / JOURNAL_FILE).exists():
        return None
    rehearsal = open_rehearsal(folder)
    return rehearsal if not _differences(rehearsal, snapshot, settings_digest) else None


def _differences(rehearsal: Rehearsal, snapshot: Snapshot, settings_digest: str) -> list[str]:
    """In what a rehearsal is not one of this snapshot and settings, as words after `of`."""
    of_others = {
        "another snapshot": rehearsal.info["snapshot_sha256"] != snapshot.manifest_sha256,
        "other settings": rehearsal.info["settings_sha256"] != settings_digest,
    }
    return [words for words, is_other in of_others.items() if is_other]


def kept_key(folder: Path) -> bytes | None:
    """The key of an earlier plan in the folder; None where there is none that can be read."""
    try:
        return bytes.fromhex((folder / KEY_FILE).read_text(encoding="ascii")) or None
    except (OSError, ValueError):
        return None


def refuse_begun(folder: Path, snapshot: Snapshot, settings_digest: str) -> None:
    """Raises UsageError when the folder holds a rehearsal of which portals may hold something.

    The sentence says whether it is one of another snapshot or other settings than these.
    """
    if not (folder / JOURNAL_FILE).exists():
        return
    try:
        others = _differences(open_rehearsal(folder), snapshot, settings_digest)
    except SnapshotError:  # whatever else is wrong with it, its journal counts
        others = []
    of_others = f" of {' and '.join(others)}" if others else ""
    raise UsageError(
        f"{folder} is a rehearsal{of_others} that was begun: test portals may hold what only its journal names.",
        next_step=f"Run `dynsync rehearse clean {folder}`, and name another folder for the new plan: with --out, in a"
        " notebook in its parameter `folder`.",
    )


# --- The kind of folder --------------------------------------------------------------------------------------------

_PLAN_PARTS: Final = (SETTINGS_FILE, KEY_FILE, SAMPLE_FILE, LOOK_ALIKES, PLANNED)
_THING: Final = {"id": str, "words": str}
_INFO: Final = {
    "version": int,
    "kit_version": str,
    "tag": str,
    "snapshot_sha256": str,
    "settings_sha256": str,
    "records": Named(int),
    "writes": Named(Named(int)),
    "covered": [_THING],
    "not_covered": [{**_THING, "why": str}],
    "lacking": [{"system": str, "kind": str, "name": str, "words": str, "how": str}],
}
_FORECAST_NAMES: Final = "|".join(map(re.escape, (FORECAST_FILE, *(f"{name}.parquet" for name in FORECAST_TABLES))))
_OWN_NAMES: Final = "|".join(
    (
        *map(re.escape, (SETTINGS_FILE, KEY_FILE, SAMPLE_FILE)),
        f"{LOOK_ALIKES}/(?:{SNAPSHOT_NAMES})?",
        f"{PLANNED}/(?:{_FORECAST_NAMES})?",
    )
)


def _names_of_plan(content: Content) -> re.Pattern[str] | None:
    """The paths of a plan that nobody has begun to write; None when the content is not that of a rehearsal."""
    tag, digests = content.get("tag"), (content.get("snapshot_sha256"), content.get("settings_sha256"))
    is_tag = isinstance(tag, str) and re.fullmatch(rf"[0-9a-f]{{{TAG_DIGITS}}}", tag) is not None
    return re.compile(_OWN_NAMES) if is_tag and all(map(is_digest, digests)) else None


REHEARSAL_FOLDER: Final = FolderKind("a rehearsal", REHEARSAL_FILE, _names_of_plan)
"""A plan that may be replaced: one with a journal holds more than its mark allows, and is refused."""
