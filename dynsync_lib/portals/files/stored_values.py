"""Which cells have the form in which the vendor's API prints them, so that nothing is converted.

Facts
    * Under an internal name such a cell stays as it is, blanks around it included; everything else that stands there is
      looked at as if it stood under a label.
    * A number has digits, a sign and a decimal point; a date or time begins YYYY-MM-DD and, in a time, is in UTC; yes
      and no are true, false, 1 and 0; a choice is a stored value, several stand between semicolons or commas.

Where it is used: `portals.files.file_rows`, `portals.files.cell_values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final, Literal

from dynsync_lib.core.keys import trim

ValueKind = Literal["number", "date", "datetime", "yes_no", "option"]
IsStored = Callable[[str], bool]
"""Whether a cell has the API's form already."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_MOMENT: Final = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:?00)?)?"
)
_BETWEEN: Final = re.compile("[;,]")
_FLAGS: Final = frozenset({"true", "false", "1", "0"})


def stored_form(kind: ValueKind, options: Collection[str]) -> IsStored:
    """The test of one column's cells; `options` are the stored values of a choice."""
    if kind == "option":
        return _options_test(frozenset(options))
    if kind == "yes_no":
        return lambda text: text in _FLAGS or trim(text).lower() in _FLAGS
    form = _NUMBER if kind == "number" else _MOMENT
    return lambda text: form.fullmatch(text) is not None or form.fullmatch(trim(text)) is not None


def _options_test(options: frozenset[str]) -> IsStored:
    def are_stored(text: str) -> bool:
        if text in options:
            return True
        plain = trim(text)
        return plain in options or all(trim(part) in options or not trim(part) for part in _BETWEEN.split(plain))

    return are_stored
