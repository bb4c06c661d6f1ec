"""People out of sight: the forecast's tables without addresses, names and values of persons.

Facts
    * A masked key is the same for the same key, so groups and counts stay what they are.
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


def mask_key(key: str | None, *, salt: str) -> str | None:
    """A stand-in for a person's match key, the same for the same key and salt; None stays None."""
    if key is None:
        return None
    return f"person-{hashlib.sha256(f'{salt}{key}'.encode()).hexdigest()[:10]}"


def mask_value(value: str | None) -> str | None:
    """What is told of a person's value: its length in characters; None stays None."""
    return None if value is None else f"({len(value)} characters)"


def mask_column(objects: Iterable[str], keys: Iterable[str | None], *, salt: str) -> list[str | None]:
    """A column of keys with those of people masked; `objects` says what each row is."""
    return [mask_key(key, salt=salt) if object_ in PEOPLE else key for object_, key in zip(objects, keys, strict=True)]


def mask_values(objects: Iterable[str], values: Iterable[str | None]) -> list[str | None]:
    """A column of values with those of people masked; `objects` says what each row is."""
    return [mask_value(value) if object_ in PEOPLE else value for object_, value in zip(objects, values, strict=True)]
