"""What the witness answers: one decision per record, every write, every link.

Facts
    * The rows are those of `core.tables.OUTCOMES`, `core.tables.CHANGES` and `core.tables.LINKS`, without what follows
      from others.

Where it is used: the other modules of this folder, rehearsals, tests/laws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dynsync_lib.core.model import LinkStatus, Object, Outcome, Reason, System

RecordName = tuple[System, Object, str]
"""What names a record among all records of both systems."""

LANDING_NOTES = (None, "several_writers", "stale_winner")
"""The notes of writes that really change their target."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one record: a row of `core.tables.OUTCOMES`, without what follows from it."""

    system: System
    object: Object
    record_id: str
    outcome: Outcome
    rule_id: str
    reason: Reason | None = None
    counterpart_id: str | None = None
    winner_id: str | None = None
    match_key: str | None = None

    @property
    def in_sync(self) -> bool:
        """Whether the record ends up with a twin."""
        return self.outcome in {Outcome.CREATE, Outcome.UPDATE, Outcome.LINK}

    @property
    def name(self) -> RecordName:
        """What names the record."""
        return (self.system, self.object, self.record_id)


@dataclass(frozen=True, slots=True)
class Write:
    """One field of one matched pair: a row of `core.tables.CHANGES`.

    `target_column` is where a store keeps the field.
    """

    object: Object
    hubspot_id: str
    dynamics_id: str
    target_system: System
    target_field: str
    source_field: str
    kind: str
    old_value: str | None
    new_value: str
    note: str | None
    target_column: str

    @property
    def lands(self) -> bool:
        """Whether the target really changes."""
        return self.note in LANDING_NOTES


@dataclass(frozen=True, slots=True)
class LinkDecision:
    """What becomes of one association: a row of `core.tables.LINKS`."""

    from_system: System
    from_object: Object
    from_id: str
    to_object: Object
    to_id: str
    status: LinkStatus
    rule_id: str


@dataclass(frozen=True, slots=True)
class NewTwin:
    """A record that the other side will get: of which object it is there, and its columns."""

    object: Object
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SyncRun:
    """Everything one initial sync decided. `creates` holds the twin of each record that is created."""

    decisions: tuple[Decision, ...]
    writes: tuple[Write, ...]
    links: tuple[LinkDecision, ...]
    creates: Mapping[RecordName, NewTwin]
