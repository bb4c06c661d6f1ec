"""What the witness is told: frozen values, nothing else.

Facts
    * A plan holds text, as a person would write it down: filters as sentences, options as value and label.
    * The witness knows no settings file and no rulebook; whoever calls it translates both into a plan.
    * HubSpot's side of the lead sync are its contacts (1.7): `table_of` says so.

Not modelled
    * Several environments, marketing contacts: they move no outcome.

Where it is used: every module of this folder, rehearsals, tests/laws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from dynsync_lib.core.model import Direction, Object, System

DEFAULT_ASSUMPTIONS: Mapping[str, str] = {
    "first_record_order": "api_order",
    "process_first": "dynamics",
    "email_norm": "lower_trim",
    "secondary_email": "match",
    "lead_contact_overlap": "both_bind_flag",
    "company_keys": "name",
    "name_norm": "casefold_trim",
    "no_key": "exclude",
    "company_dup": "first_wins",
    "resave_reconcile": "true",
    "oneway_winner": "direction_wins",
    "filter_semantics": "entry_only",
    "filter_scope": "source",
    "filter_stage": "before_claim",
    "option_pairing": "label_ci",
    "multiselect": "false",
    "invalid_value": "fail_record",
    "lifecycle_backward": "ignored",
    "owner_mode": "by_email",
    "owner_fallback": "none",
    "assoc_missing_company": "link_existing",
    "assoc_conflict": "winner",
    "auto_company_first": "true",
    "app_required": "warn",
    "dv_dup_rules": "false",
    "include_inactive": "true",
    "fill_empty_winner": "true",
    "no_email_unmatched": "exclude",
    "hs_write_rules": "off",
    "datetime_into_date": "cut",
    "fraction_to_whole": "fail",
    "pair_in_other_sync": "create_too",
    "assoc_deal_company": "like_contact",
}
"""The assumptions the witness knows, with the choice it takes when the plan names none (docs/semantics.md)."""

LIFECYCLE_STAGES: Mapping[Object, tuple[str, ...]] = {
    Object.CONTACT: (
        "marketingqualifiedlead",
        "salesqualifiedlead",
        "opportunity",
        "customer",
        "evangelist",
        "other",
    ),
    Object.LEAD: ("subscriber", "lead"),
}
"""Which lifecycle stages a sync takes when its plan names none (4.7)."""


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
    required: str = "None"


@dataclass(frozen=True, slots=True)
class PlanMapping:
    """One field mapping. `options` pairs HubSpot values with Dynamics values; empty means that labels decide."""

    hubspot: PlanField
    dynamics: PlanField
    direction: Direction = Direction.TWO_WAY
    options: Mapping[str, str] = field(default_factory=dict)

    def side(self, system: System) -> PlanField:
        """The mapping's field of one side."""
        return self.hubspot if system is System.HUBSPOT else self.dynamics


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """What is wanted of one object. A filter of None lets everything pass.

    `fields` are all fields of each side: they type what filters compare, and say which columns are required.
    `match_fields` are the own keys of `match_mode = "own_field"`. No `lifecycle_stages` means those of the object.
    `required_properties` are the HubSpot properties that a new record must have (step 7b).
    """

    enabled: bool = False
    direction: Direction = Direction.TWO_WAY
    conflict_winner: System = System.DYNAMICS
    filter_to_hubspot: str | None = None
    filter_to_dynamics: str | None = None
    mappings: tuple[PlanMapping, ...] = ()
    has_default_mappings: bool = True
    stages: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[System, Mapping[str, PlanField]] = field(default_factory=dict)
    match_mode: Literal["default", "own_field", "none"] = "default"
    match_fields: Mapping[System, str] = field(default_factory=dict)
    only_existing_in_target: bool = False
    require_email: bool = True
    lifecycle_stages: tuple[str, ...] = ()
    default_lifecycle_stage: str = ""
    sync_user_may_write: bool = True
    required_properties: tuple[str, ...] = ()

    def is_source(self, system: System) -> bool:
        """Whether records of `system` may travel."""
        return self.direction.writes_to(opposite(system))

    def filter_of(self, system: System) -> str | None:
        """The filter asked of records that live in `system` (4.1)."""
        return self.filter_to_dynamics if system is System.HUBSPOT else self.filter_to_hubspot


@dataclass(frozen=True, slots=True)
class Binding:
    """One pair that an earlier run bound."""

    object: Object
    hubspot_id: str
    dynamics_id: str


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """One initial sync. `taken_at` is the moment at which filters are asked; it must carry its zone.

    `creates_companies` says whether HubSpot creates companies by domain itself (6.12), save for `free_mail_domains`.
    """

    objects: Mapping[Object, ObjectPlan]
    taken_at: datetime
    top_level_domains: frozenset[str]
    assumptions: Mapping[str, str] = field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    creates_companies: bool = False
    free_mail_domains: frozenset[str] = frozenset()

    def choice(self, assumption: str) -> str:
        """The choice in force for an assumption."""
        return self.assumptions.get(assumption, DEFAULT_ASSUMPTIONS[assumption])

    def of(self, object_: Object) -> ObjectPlan:
        """The plan of one object; an object nobody named is off."""
        return self.objects.get(object_, ObjectPlan())


def opposite(system: System) -> System:
    """The other CRM."""
    return System.DYNAMICS if system is System.HUBSPOT else System.HUBSPOT


def table_of(object_: Object, system: System) -> Object:
    """Whose records are one side of an object's sync: HubSpot has contacts where Dynamics has leads (1.7)."""
    return Object.CONTACT if (object_, system) == (Object.LEAD, System.HUBSPOT) else object_
