"""The `Prefer` header of the Web API: page size, annotations, change tracking, what a write answers.

Facts
    * Preferences are joined by commas; values may be quoted and hold commas themselves (6.2).
    * A page size is passed over where `$top` says how many rows are wanted.
    * `odata.include-annotations` lists names and patterns: `*` is all, `Microsoft.Dynamics.CRM.*` those of a family.

Where it is used: `emulator.dataverse.query`, `emulator.dataverse.rows`, `emulator.dataverse.writes`,
`emulator.dataverse.batch`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from dynsync_lib.emulator.calls import Call

MOST_PER_PAGE: Final = 5_000
FORMATTED: Final = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME: Final = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION: Final = "Microsoft.Dynamics.CRM.associatednavigationproperty"
TOTAL: Final = "Microsoft.Dynamics.CRM.totalrecordcount"
_PART: Final = re.compile(r"([\w.-]+)\s*(?:=\s*(\"[^\"]*\"|[^,;\s]*))?")
_SIZE: Final = re.compile(r"0*[1-9][0-9]{0,8}")
_PAGE_SIZE: Final = "odata.maxpagesize"
_UNDERSTOOD: Final = frozenset(
    {
        _PAGE_SIZE,
        "odata.include-annotations",
        "odata.track-changes",
        "odata.continue-on-error",
        "return",
    }
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a call prefers. `applied` is the text of the answer's `Preference-Applied`; empty for no such header."""

    page_rows: int
    annotations: tuple[str, ...]
    tracks_changes: bool
    continues_on_error: bool
    wants_row: bool
    applied: str

    def annotates(self, name: str) -> bool:
        """Whether an annotation of this name is asked for."""
        return any(fnmatchcase(name, pattern) for pattern in self.annotations)


def read_preferences(call: Call) -> Preferences:
    """The preferences of a call; unknown ones are passed over, as the service does."""
    pairs = [(name.lower(), value.strip('"')) for name, value in _PART.findall(call.header("prefer"))]
    by_name = dict(pairs)
    size = by_name.get(_PAGE_SIZE, "")
    understood = _UNDERSTOOD - ({_PAGE_SIZE} if call.option("$top") is not None else set())
    heeded = [part for part in _split(call.header("prefer")) if part.partition("=")[0].lower() in understood]
    return Preferences(
        min(int(size), MOST_PER_PAGE) if _SIZE.fullmatch(size) else MOST_PER_PAGE,
        tuple(part.strip() for part in by_name.get("odata.include-annotations", "").split(",") if part.strip()),
        "odata.track-changes" in by_name,
        by_name.get("odata.continue-on-error", "false") in ("", "true"),
        by_name.get("return") == "representation",
        ",".join(heeded),
    )


def _split(header: str) -> list[str]:
    return [match[0].strip() for match in _PART.finditer(header)]


NO_PREFERENCES: Final = Preferences(MOST_PER_PAGE, (), False, False, False, "")
