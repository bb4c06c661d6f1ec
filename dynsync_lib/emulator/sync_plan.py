"""What the witness is told, and what it answers: frozen values, nothing else.

Facts
    * A plan holds text, as a person would write it down: filters as sentences, options as value and label.
    * The witness knows no settings file and no rulebook; whoever calls it translates both into a plan.

Not modelled
    * Leads and lifecycle stages, owners, required columns, earlier bindings.

Where it is used: every `sync_*` module of this folder, rehearsals, tests/laws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dynsync_lib.core.model import Direction, LinkStatus, Object, Outcome, Reason, System

DEFAULT_ASSUMPTIONS: Mapping[str, str] = {
    "first_record_order": "api_order",
    "email_norm": "lower_trim",
    "name_norm": "casefold_trim",
    "filter_stage": "before_claim",
    "filter_scope": "source",
    "secondary_email": "match",
    "no_key": "exclude",
    "company_dup": "first_wins",
    "fill_empty_winner": "true",
    "oneway_winner": "direction_wins",
    "include_inactive": "true",
    "assoc_missing_company": "link_existing",
    "assoc_conflict": "winner",
}
"""The assumptions the witness knows, with the choice it takes when the plan names none (docs/semantics.md)."""


@dataclass(frozen=True, slots=True)
class PlanField:
    """One field of one side. `format`: HubSpot's field type or Dataverse's format; `options`: values with labels."""

    name: str
    type: str
    format: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    read_only: bool = False
    length: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    behavior: str | None = None


@dataclass(frozen=True, slots=True)
class PlanMapping:
    """One field mapping. `options` pairs HubSpot values with Dynamics values; empty means that labels decide."""

    hubspot: PlanField
    dynamics: PlanField
    direction: Direction = Direction.TWO_WAY
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """What is wanted of one object. A filter of None lets everything pass; `fields` types what the filters compare."""

    enabled: bool = False
    direction: Direction = Direction.TWO_WAY
    conflict_winner: System = System.DYNAMICS
    filter_to_hubspot: str | None = None
    filter_to_dynamics: str | None = None
    mappings: tuple[PlanMapping, ...] = ()
    stages: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[System, Mapping[str, PlanField]] = field(default_factory=dict)

    def is_source(self, system: System) -> bool:
        """Whether records of `system` may travel."""
        return self.direction.writes_to(opposite(system))

    def filter_of(self, system: System) -> str | None:
        """The filter asked of records that live in `system` (4.1)."""
        return self.filter_to_dynamics if system is System.HUBSPOT else self.filter_to_hubspot


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """One initial sync. `taken_at` is the moment at which filters are asked; it must carry its zone."""

    objects: Mapping[Object, ObjectPlan]
    taken_at: datetime
    top_level_domains: frozenset[str]
    assumptions: Mapping[str, str] = field(default_factory=dict)

    def choice(self, assumption: str) -> str:
        """The choice in force for an assumption."""
        return self.assumptions.get(assumption, DEFAULT_ASSUMPTIONS[assumption])

    def of(self, object_: Object) -> ObjectPlan:
        """The plan of one object; an object nobody named is off."""
        return self.objects.get(object_, ObjectPlan())


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one record: a row of `model.OUTCOMES`, without what follows from it."""

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


@dataclass(frozen=True, slots=True)
class Write:
    """One field of one matched pair: a row of `model.CHANGES`. It does not land when its note is `value_skipped`."""

    object: Object
    hubspot_id: str
    dynamics_id: str
    target_system: System
    target_field: str
    source_field: str
    kind: str
    old_value: str | None
    new_value: str
    note: str | None = None

    @property
    def lands(self) -> bool:
        """Whether the target really changes."""
        return self.note != "value_skipped"


@dataclass(frozen=True, slots=True)
class LinkDecision:
    """What becomes of one association: a row of `model.LINKS`."""

    from_system: System
    from_object: Object
    from_id: str
    to_object: Object
    to_id: str
    status: LinkStatus
    rule_id: str


@dataclass(frozen=True, slots=True)
class SyncRun:
    """Everything one initial sync decided. `creates` maps a record that is created to the values its twin gets."""

    decisions: tuple[Decision, ...]
    writes: tuple[Write, ...]
    links: tuple[LinkDecision, ...]
    creates: Mapping[tuple[System, Object, str], Mapping[str, str]]


def opposite(system: System) -> System:
    """The other CRM."""
    return System.DYNAMICS if system is System.HUBSPOT else System.HUBSPOT
