"""People out of sight: the forecast's tables without addresses, names and values of persons.

Facts
    * A masked key is the same for the same key, so groups and counts stay what they are.
    * Nobody who has only masked pages can take a stand-in back, even by trying every address there is: it is made with
      a secret of the forecast that no page holds (`forecasts.masking_secret`).
    * A value is told as filled or empty; its length would tell a yes from a no.
    * Only contacts and leads are people; ids, companies, fields and rules stay readable.

Not modelled
    * Names of people inside company names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from dynsync_lib.core.model import Object

PEOPLE: Final = (Object.CONTACT.value, Object.LEAD.value)
FILLED: Final = "(filled)"
DIGITS: Final = 16
"""How much of a digest a stand-in shows: among ten million people no two share one, but by a chance of 1 in 300,000."""


def mask_key(key: str | None, *, secret: str) -> str | None:
    """A stand-in for a person's match key, the same for the same key and secret; None stays None."""
    if key is None:
        return None
    return f"person-{hashlib.sha256(f'{secret}{key}'.encode()).hexdigest()[:DIGITS]}"


def mask_value(value: str | None) -> str | None:
    """What is told of a person's value: that it is filled; None stays None."""
    return None if value is None else FILLED


def mask_column(objects: Iterable[str], keys: Iterable[str | None], *, secret: str) -> list[str | None]:
    """A column of keys with those of people masked; `objects` says what each row is."""
    return [
        mask_key(key, secret=secret) if object_ in PEOPLE else key for object_, key in zip(objects, keys, strict=True)
    ]


def mask_values(objects: Iterable[str], values: Iterable[str | None]) -> list[str | None]:
    """A column of values with those of people masked; `objects` says what each row is."""
    return [mask_value(value) if object_ in PEOPLE else value for object_, value in zip(objects, values, strict=True)]
