"""Whether a field mapping can work, and which way it flows.

Facts
    * Effective direction = the object's ∩ the mapping's ∩ what the types allow (3.8, 5.A).
    * A read-only, calculated, state or status field is only ever a source (5.8, 9.11, 9.19).
    * A lookup cannot sync (5.6). A mapping one of whose fields is missing does nothing (5.5).

Not modelled
    * Fields that HubSpot's mapping screen does not offer although the API lists them (5.5).

Source: rules field.direction, field.same-kind, field.into-text, field.lookup-blocked, field.read-only, field.missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from dynsync_lib.core.catalogue import Catalogue, Field
from dynsync_lib.core.kinds import kind_of
from dynsync_lib.core.model import Direction, Object, System, Verdict
from dynsync_lib.core.rulebook import Rulebook, TypeVerdict
from dynsync_lib.core.settings import FieldMapping, ObjectSync

_TO: Final = {System.HUBSPOT: Direction.TO_HUBSPOT, System.DYNAMICS: Direction.TO_DYNAMICS}
_MISSING: Final = TypeVerdict(
    None,
    Verdict.BLOCKED,
    "field.missing",
    "The portal does not have the field, or did not deliver it.",
    "Check the field's internal name and whether the sync's user may read it.",
)
_READ_ONLY: Final = TypeVerdict(
    None,
    Verdict.BLOCKED,
    "field.read-only",
    "Neither field can be written.",
    "Map a field that can be written.",
)
_WRONG_WAY: Final = TypeVerdict(
    None,
    Verdict.BLOCKED,
    "field.direction",
    "The mapping asks for the one way that the two fields do not allow.",
    "Turn the mapping's direction round, or map a field that can be written.",
)


@dataclass(frozen=True, slots=True)
class JudgedMapping:
    """One mapping with its verdict.

    `fields` and `kinds` hold None for a field that is missing or cannot be mapped. `flow` is what is left of the
    directions of object, mapping and types; None means nothing flows.
    """

    mapping: FieldMapping
    fields: Mapping[System, Field | None]
    kinds: Mapping[System, str | None]
    judged: TypeVerdict
    flow: Direction | None

    def writes_to(self, system: System) -> bool:
        """Whether values really travel into `system`."""
        return self.flow is not None and self.flow.writes_to(system)

    @property
    def is_two_way(self) -> bool:
        """Whether values really travel both ways."""
        return self.flow is Direction.TWO_WAY

    def name_of(self, system: System) -> str:
        """The field's name on one side."""
        return _name_of(self.mapping, system)

    def pairs_options(self) -> bool:
        """Whether both fields are choices, so that options must be paired."""
        return set(self.kinds.values()) == {"choice"}


def judge_mappings(
    object_: Object,
    sync: ObjectSync,
    *,
    catalogue: Catalogue,
    rulebook: Rulebook,
    available: Mapping[System, Collection[str]],
) -> tuple[JudgedMapping, ...]:
    """The verdict on every mapping of an object. `available` are the delivered columns of each side."""
    judge = _Judge(object_, sync, catalogue, rulebook, available)
    return tuple(judge.judge(mapping) for mapping in sync.mappings)


def intersect(first: Direction | None, second: Direction | None) -> Direction | None:
    """What both allow; None when nothing."""
    if first is None or second is None or first is second:
        return first if second is not None else None
    if Direction.TWO_WAY in (first, second):
        return second if first is Direction.TWO_WAY else first
    return None


@dataclass(frozen=True, slots=True)
class _Judge:
    object: Object
    sync: ObjectSync
    catalogue: Catalogue
    rulebook: Rulebook
    available: Mapping[System, Collection[str]]

    def judge(self, mapping: FieldMapping) -> JudgedMapping:
        fields = {system: self._field(system, mapping) for system in System}
        kinds = {side: kind_of(one, self.rulebook) if one is not None else None for side, one in fields.items()}
        judged = self._verdict(fields, kinds)
        allowed = intersect(judged.allowed, mapping.direction)
        if judged.allowed is not None and allowed is None:
            judged = _WRONG_WAY
        flow = intersect(allowed, self.sync.direction)
        return JudgedMapping(mapping, fields, kinds, judged, flow)

    def _field(self, system: System, mapping: FieldMapping) -> Field | None:
        name = _name_of(mapping, system)
        field = self.catalogue.find(system, self.object, name)
        delivered = self.available[system]
        return field if field is not None and {name, f"_{name}_value"} & set(delivered) else None

    def _verdict(self, fields: Mapping[System, Field | None], kinds: Mapping[System, str | None]) -> TypeVerdict:
        present = [field for field in fields.values() if field is not None]
        if len(present) < len(fields):
            return _MISSING
        by_type = self.rulebook.type_verdict(kinds[System.HUBSPOT], kinds[System.DYNAMICS])
        allowed = by_type.allowed
        for field in filter(is_unwritable, present):
            allowed = intersect(allowed, _TO[_other(field.system)])
        if allowed is by_type.allowed:
            return by_type
        if allowed is None:
            return _READ_ONLY
        target = "Dynamics" if allowed is Direction.TO_HUBSPOT else "HubSpot"
        return replace(
            by_type,
            allowed=allowed,
            verdict=Verdict.ONE_WAY,
            rule_id="field.read-only",
            reason=f"The {target} field is read-only.",
        )


def is_unwritable(field: Field) -> bool:
    """Whether the sync never writes the field. Source: rule field.read-only."""
    return field.read_only or field.type in {"State", "Status"}


def _name_of(mapping: FieldMapping, system: System) -> str:
    return mapping.hubspot if system is System.HUBSPOT else mapping.dynamics


def _other(system: System) -> System:
    return System.DYNAMICS if system is System.HUBSPOT else System.HUBSPOT
