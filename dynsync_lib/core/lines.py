"""The lines of the table of step 5, by which every record's outcome is decided.

Source: docs/semantics.md section 5, step 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class Line(IntEnum):
    """The lines of the table of step 5; `label` is the number that docs/semantics.md gives them.

    INACTIVE and UNSTAGED are line 4 with a rule of their own, OVERLAP is `lead_contact_overlap` (section 5.8), JOINED
    is line 6 with `company_dup = all_bind`.
    """

    FENCED = 0
    PAIRED = 1
    OWNER_PAIRED = 2
    DIRECTION = 3
    FILTERED = 4
    INACTIVE = 5
    UNSTAGED = 6
    OVERLAP = 7
    NO_KEY = 8
    NOT_OWNER = 9
    JOINED = 10
    LOST = 11
    CONFLICT = 12
    TAKEN = 13
    NOT_IN_TARGET = 14
    CREATE = 15

    @property
    def label(self) -> str:
        """The line's number in the table of docs/semantics.md, such as `9b`."""
        return _LABELS[self]


_LABELS: Final[Mapping[Line, str]] = {
    Line.FENCED: "0",
    Line.PAIRED: "1",
    Line.OWNER_PAIRED: "2",
    Line.DIRECTION: "3",
    **dict.fromkeys((Line.FILTERED, Line.INACTIVE, Line.UNSTAGED), "4"),
    Line.OVERLAP: "5.8",
    Line.NO_KEY: "5",
    **dict.fromkeys((Line.NOT_OWNER, Line.JOINED), "6"),
    Line.LOST: "8",
    Line.CONFLICT: "9",
    Line.TAKEN: "9b",
    Line.NOT_IN_TARGET: "9c",
    Line.CREATE: "10",
}
FILTERED_LATER: Final = "7"
"""The label of line 4 where it is asked after the claim of keys (`filter_stage = after_claim`)."""
