"""What the name of a file says: whether a CRM gave it, which tables it names, and whether it is a part or a copy.

Facts
    * HubSpot names its files `hubspot-crm-exports-`, the view and the day, `all-contacts-2026-04-20` inside a ZIP;
      Dynamics names them by the view, the day and the time, in the form that its user chose (26-Feb-26 1-28-48 PM).
    * The customer names the view, so that its words are no proof of what the file holds.
    * A number at the end is that of a part (`all-contacts-2`, HubSpot's `-1` behind the day); in brackets it is a
      browser's second copy.

Where it is used: `portals.files.folder_files`, `portals.files.recognition`, `portals.files.export_dates`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_HUBSPOT: Final = re.compile(r"hubspot-crm-exports-.+", re.IGNORECASE)
_DAY_AT_END: Final = re.compile(r"(?<!\d)\d{4}-\d{1,2}-\d{1,2}\Z")
DAY_AND_TIME: Final = re.compile(
    r"(?<!\w)(?P<first>\d{1,4})(?P<between>[-. ])(?P<second>\d{1,2}|[^\W\d_]{3,9})[-. ]{1,2}(?P<third>\d{1,4}) "
    r"(?P<hour>\d{1,2})[-.](?P<minute>\d{2})(?:[-.](?P<second_of>\d{2}))?(?: ?(?P<half>[AP])\.? ?M\.?)?\Z",
    re.IGNORECASE,
)
"""Day and time at the end of the names that Dynamics gives."""
_COPY: Final = re.compile(r"(?P<base>.+?)(?: ?\(\d{1,2}\)| - (?:Copy|Kopie)(?: \(\d{1,2}\))?)\Z", re.IGNORECASE)
_PART: Final = re.compile(r"(?P<base>.*\w)[-_ ]+(?:(?:part|teil)[-_ ]*)?(?P<number>\d{1,3})\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileName:
    """What a name without its ending says.

    `series` is what all parts of one export have in common, `number` that of the part (None without one), `is_copy`
    whether it looks like a second copy.
    """

    series: str
    number: int | None
    is_copy: bool


def read_name(stem: str) -> FileName:
    """Series, number and whether it is a copy, of a file's name without its ending."""
    base = without_copy_mark(stem)
    part = None if _DAY_AT_END.search(base) or DAY_AND_TIME.search(base) else _PART.fullmatch(base)
    series, number = (part["base"], int(part["number"])) if part else (base, None)
    return FileName(series.casefold(), number, base != stem)


def without_copy_mark(stem: str) -> str:
    """The name without what a browser or a file manager adds to a second copy: ` (1)`, ` - Copy`."""
    copied = _COPY.fullmatch(stem)
    return copied["base"] if copied else stem


def is_of_vendor(stem: str) -> bool:
    """Whether a CRM gave the file its name: HubSpot's beginning, or the day and time at the end of Dynamics' names."""
    base = without_copy_mark(stem)
    return _HUBSPOT.fullmatch(base) is not None or DAY_AND_TIME.search(base) is not None


def words_of(stem: str) -> frozenset[str]:
    """The words of a name in lower case."""
    return frozenset(re.findall(r"[^\W\d_]+", stem.casefold()))
