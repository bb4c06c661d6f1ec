"""What a batch of writes came to: the records that exist now, and those that the portal refused, in its own words.

Where it is used: `rehearsal.writing.hubspot`, `rehearsal.writing.dataverse` and whoever writes through them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from dynsync_lib.errors import UnexpectedReplyError

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

    def of_whole_request(self, portal: str, response: httpx.Response) -> UnexpectedReplyError:
        """The error of a request that carried no record's values, so that the portal's sentence repeats none."""
        return UnexpectedReplyError(
            f"{portal} refuses {response.request.url.path} with status {self.status}: {self.code}, "
            f"{self.message[:300]}.",
            next_step="Report this.",
        )


@dataclass(frozen=True, slots=True)
class Written:
    """The result of a batch: by the name of each row the record's id, or why it was refused."""

    ids: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Refusal] = field(default_factory=dict)

    def __or__(self, other: Written) -> Written:
        """Both results together."""
        return Written({**self.ids, **other.ids}, {**self.refused, **other.refused})
