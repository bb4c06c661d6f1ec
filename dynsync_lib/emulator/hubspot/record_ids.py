"""Ids of HubSpot's records: what can be one, and what is answered to the rest.

Facts
    * An id is digits that name a positive 64-bit number, with zeros before it or without (corrections F6, measured by
      a third party).

Where it is used: `emulator.hubspot.records`, `emulator.hubspot.record_writes`, `emulator.hubspot.associations`.
"""

from __future__ import annotations

import re
from typing import Final

from dynsync_lib.emulator.calls import Call
from dynsync_lib.emulator.hubspot.errors import no_record_id

RECORD_ID: Final = (None, "", "hs_object_id")
"""What `idProperty` holds when records are named by their own id."""
_END: Final = 2**63


def is_record_id(text: str) -> bool:
    """Whether a text can be the id of a record."""
    number = _number(text)
    return number is not None and number > 0


def is_count(text: str) -> bool:
    """Whether a text is digits that name a 64-bit number: what a cursor or an id of an association may be."""
    return text.isdecimal() and _number(text) is not None


def refuse_no_id(call: Call, text: str, id_property: str | None = None) -> None:
    """Raises Refusal 404 for an id that no record can have; any text can be the value of another `id_property`."""
    if id_property not in RECORD_ID or is_record_id(text):
        return
    raise no_record_id(call, text, is_number=_number(text) is not None)


def _number(text: str) -> int | None:
    """The 64-bit number that a text names; None for any other text."""
    match = re.fullmatch(r"(-?)0*([0-9]{1,19})", text)
    number = int(match[1] + match[2]) if match is not None else None
    return number if number is not None and -_END <= number < _END else None
