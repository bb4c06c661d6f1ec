"""Whether a field mapping can work, and which way it flows.

Facts
    * Effective direction = the object's ∩ the mapping's ∩ what the types allow (3.8, 5.A).
    * A read-only, calculated, state or status field is only ever a source (5.8, 9.11, 9.19).
    * A lookup cannot sync (5.6). A mapping one of whose fields the metadata does not know does nothing (5.5).
    * A field without a delivered column is judged by its metadata. Nothing is compared with it, but new records get it.
    * Owners flow as `owner_mode` says (5.17); several choices flow with `multiselect` only (5.A).
    * A column that says "do not ..." flows as it stands; its verdict warns of the polarity (5.22).

Not modelled
    * Fields that HubSpot's mapping screen does not offer although the API lists them (5.5).

Source: rules field.direction, field.same-kind, field.into-text, field.lookup-blocked, field.read-only, field.missing,
field.owner-by-email, field.several-choices, field.opt-out-polarity.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from dynsync_lib.core.catalogue import Catalogue, Field
from dynsync_lib.core.kinds import kind_of
from dynsync_lib.core.model import Direction, Object, System, Verdict
from dynsync_lib.core.options import OptionPairs, pair_options
from dynsync_lib.core.rulebook import Rulebook, TypeVerdict
from dynsync_lib.core.settings import FieldMapping, ObjectSync

_OPTION_KINDS: Final = ({"choice"}, {"several_choices"})
_TO: Final = {System.HUBSPOT: Direction.TO_HUBSPOT, System.DYNAMICS: Direction.TO_DYNAMICS}
_MISSING: Final = TypeVerdict(
    None,
    Verdict.BLOCKED,
    "field.missing",
    "The portal's metadata does not have the field.",
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

    `fields` and `kinds` hold None for a field that is missing or cannot be mapped; `columns` names the columns the
    values stand in, `_ownerid_value` for `ownerid`. `delivered`: the sides that have that column. `option_pairs` says
    which options of two choices belong together, and is empty for others. `flow` is what is left of the directions of
    object, mapping and types; None means nothing flows. `trimmed`: the sides whose values are known to be trimmed.
    `owner_type` is the delivered column that tells a user from a team; without one every Dynamics owner is a user.
    """

    mapping: FieldMapping
    fields: Mapping[System, Field | None]
    kinds: Mapping[System, str | None]
    judged: TypeVerdict
    flow: Direction | None
    columns: Mapping[System, str]
    delivered: frozenset[System]
    option_pairs: OptionPairs = ()
    trimmed: frozenset[System] = frozenset()
    owner_type: str | None = None

    def writes_to(self, system: System) -> bool:
        """Whether values really travel into `system`: into new records also where its own column was not delivered."""
        return self.flow is not None and self.flow.writes_to(system) and bool(self.delivered - {system})

    @property
    def is_compared(self) -> bool:
        """Whether values flow between the records of a pair: both columns were delivered (field.missing)."""
        return self.flow is not None and self.delivered == frozenset(System)

    @property
    def is_two_way(self) -> bool:
        """Whether values really travel both ways."""
        return self.flow is Direction.TWO_WAY

    def name_of(self, system: System) -> str:
        """The field's name on one side."""
        return _name_of(self.mapping, system)

    def pairs_options(self) -> bool:
        """Whether both fields are choices, one or several, so that options must be paired."""
        return set(self.kinds.values()) in _OPTION_KINDS


def judge_mappings(
    object_: Object,
    sync: ObjectSync,
    *,
    catalogue: Catalogue,
    rulebook: Rulebook,
    available: Mapping[System, Collection[str]],
    assumptions: Mapping[str, str],
    trimmed: Mapping[System, Collection[str]] = MappingProxyType({}),
) -> tuple[JudgedMapping, ...]:
    """The verdict on every mapping of an object.

    `available` are the delivered columns of each side, `trimmed` those of them whose values are known to be trimmed.
    """
    judge = _Judge(object_, sync, catalogue, rulebook, available, assumptions, trimmed)
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
    assumptions: Mapping[str, str]
    trimmed: Mapping[System, Collection[str]]

    def judge(self, mapping: FieldMapping) -> JudgedMapping:
        fields = {system: self._field(system, mapping) for system in System}
        kinds = {side: kind_of(one, self.rulebook) if one is not None else None for side, one in fields.items()}
        judged = self._verdict(fields, kinds)
        allowed = intersect(judged.allowed, mapping.direction)
        if judged.allowed is not None and allowed is None:
            judged = _WRONG_WAY
        flow = intersect(allowed, self.sync.direction)
        there = {system: column for system in System if (column := self._column(system, mapping)) is not None}
        columns = {system: _name_of(mapping, system) for system in System} | there
        pairs = self._option_pairs(mapping, fields, kinds)
        trimmed = frozenset(side for side, column in there.items() if column in self.trimmed.get(side, ()))
        owner_type = self._owner_type(kinds, columns[System.DYNAMICS])
        return JudgedMapping(
            mapping, fields, kinds, judged, flow, columns, frozenset(there), pairs, trimmed, owner_type
        )

    def _option_pairs(
        self, mapping: FieldMapping, fields: Mapping[System, Field | None], kinds: Mapping[System, str | None]
    ) -> OptionPairs:
        hubspot, dynamics = (fields[system] for system in System)
        if hubspot is None or dynamics is None or set(kinds.values()) not in _OPTION_KINDS:
            return ()
        return pair_options(mapping.options, hubspot, dynamics, self.assumptions["option_pairing"])

    def _field(self, system: System, mapping: FieldMapping) -> Field | None:
        return self.catalogue.find(system, self.object, _name_of(mapping, system))

    def _column(self, system: System, mapping: FieldMapping) -> str | None:
        """The column that was delivered for a field; None when none was."""
        name = _name_of(mapping, system)
        return next((one for one in (name, f"_{name}_value") if one in self.available[system]), None)

    def _owner_type(self, kinds: Mapping[System, str | None], column: str) -> str | None:
        name = f"{column.removesuffix('_value')}_type"
        is_there = column.endswith("_value") and name in self.available[System.DYNAMICS]
        return name if is_there and kinds[System.DYNAMICS] == "owner" else None

    def _verdict(self, fields: Mapping[System, Field | None], kinds: Mapping[System, str | None]) -> TypeVerdict:
        present = [field for field in fields.values() if field is not None]
        if len(present) < len(fields):
            return _MISSING
        by_type = self.rulebook.type_verdict(kinds[System.HUBSPOT], kinds[System.DYNAMICS], self.assumptions)
        allowed = by_type.allowed
        for field in filter(is_unwritable, present):
            allowed = intersect(allowed, _TO[_other(field.system)])
        if allowed is by_type.allowed:
            return self._with_polarity(by_type, fields[System.DYNAMICS], kinds)
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

    def _with_polarity(
        self, verdict: TypeVerdict, column: Field | None, kinds: Mapping[System, str | None]
    ) -> TypeVerdict:
        """The verdict, or that the two fields may say opposite things (5.22)."""
        if column is None or set(kinds.values()) != {"yes_no"}:
            return verdict
        fitting = (one for one in self.rulebook.opt_outs if column.name in one.columns)
        told = next(fitting, None)
        if told is None:
            return verdict
        return TypeVerdict(verdict.allowed, Verdict.LOSSY, told.rule_id, told.reason, told.workaround)


def is_unwritable(field: Field) -> bool:
    """Whether the sync never writes the field. Source: rule field.read-only."""
    return field.read_only or field.type in {"State", "Status"}


def _name_of(mapping: FieldMapping, system: System) -> str:
    return mapping.hubspot if system is System.HUBSPOT else mapping.dynamics


def _other(system: System) -> System:
    return System.DYNAMICS if system is System.HUBSPOT else System.HUBSPOT
