"""What a batch of writes came to: the records that exist now, and those that the portal refused, in its own words.

Where it is used: `rehearsal.writing.hubspot`, `rehearsal.writing.dataverse` and whoever writes through them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Values = Mapping[str, str | None]
"""A record's values by the vendor's column name, as texts of a snapshot; None empties a field."""
Rows = Mapping[str, Values]
"""Records to write, by a name that the writer's answer repeats: a look-alike's id, or the record's own."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a portal did not take one record.

    `code` is the portal's word for it (VALIDATION_ERROR, 0x80044331), `message` its sentence, which may repeat a
    person's values: it goes into no log, journal or exception.
    """

    status: int
    code: str
    message: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """The result of a batch: by the name of each row the record's id, or why it was refused."""

    ids: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Refusal] = field(default_factory=dict)

    def __or__(self, other: Written) -> Written:
        """Both results together."""
        return Written({**self.ids, **other.ids}, {**self.refused, **other.refused})
