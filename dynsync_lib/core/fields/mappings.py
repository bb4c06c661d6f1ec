"""Whether a field mapping can work, and which way it flows.

Facts
    * Effective direction = the object's ∩ the mapping's ∩ what the fields allow (`core.fields.verdicts`).
    * A lookup cannot sync (5.6). A mapping one of whose fields the metadata does not know does nothing (5.5).
    * A field without a delivered column is judged by its metadata. Nothing is compared with it, but new records get it.
    * Owners flow as `owner_mode` says (5.17); several choices flow with `multiselect` only (5.A).

Not modelled
    * Fields that HubSpot's mapping screen does not offer although the API lists them (5.5).

Source: rules field.direction, field.same-kind, field.into-text, field.lookup-blocked, field.read-only, field.missing,
field.owner-by-email, field.several-choices, field.opt-out-polarity.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.fields.option_pairs import OptionPairs, pair_options
from dynsync_lib.core.fields.verdicts import intersect, kind_of, verdict_in_force, verdict_of_fields
from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.core.rulebook import Rulebook, TypeVerdict
from dynsync_lib.core.settings import FieldMapping, ObjectSync

_WHOLE: Final = frozenset({"Integer", "BigInt"})
"""Dataverse's types of whole numbers."""
_OPTION_KINDS: Final = ({"choice"}, {"several_choices"})


@dataclass(frozen=True, slots=True)
class JudgedMapping:
    """One mapping with its verdict.

    `fields` and `kinds` hold None for a field that is missing or cannot be mapped; `columns` names the columns the
    values stand in, `_ownerid_value` for `ownerid`. `delivered`: the sides that have that column. `option_pairs` says
    which options of two choices belong together, and is empty for others. `judged` is the verdict in force, `by_fields`
    what the two fields allow by themselves. `asked` is what object and mapping want, `flow` what is left of it; None
    means nothing. `trimmed`: the sides whose values are known to be trimmed.
    `fraction` is what becomes of a fraction that goes into whole numbers (`fraction_to_whole`), None for other fields.
    `owner_type` is the delivered column that tells a user from a team; without one every Dynamics owner is a user.
    """

    mapping: FieldMapping
    fields: Mapping[System, Field | None]
    kinds: Mapping[System, str | None]
    judged: TypeVerdict
    by_fields: TypeVerdict
    asked: Direction | None
    flow: Direction | None
    columns: Mapping[System, str]
    delivered: frozenset[System]
    option_pairs: OptionPairs = ()
    trimmed: frozenset[System] = frozenset()
    owner_type: str | None = None
    fraction: str | None = None

    def writes_to(self, system: System) -> bool:
        """Whether values really travel into `system`: into new records also where its own column was not delivered."""
        return self.flow is not None and self.flow.writes_to(system) and bool(self.delivered - {system})

    @property
    def is_compared(self) -> bool:
        """Whether values flow between the records of a pair: both columns were delivered (field.missing)."""
        return self.flow is not None and self.delivered == frozenset(System)

    @property
    def lacks_a_column(self) -> bool:
        """Whether the mapping would flow and a side did not deliver its column: nothing was compared."""
        return self.flow is not None and self.delivered != frozenset(System)

    @property
    def is_two_way(self) -> bool:
        """Whether values really travel both ways."""
        return self.flow is Direction.TWO_WAY

    def name_of(self, system: System) -> str:
        """The field's name on one side."""
        return self.mapping.hubspot if system is System.HUBSPOT else self.mapping.dynamics

    def pairs_options(self) -> bool:
        """Whether both fields are choices, one or several, so that options must be paired."""
        return set(self.kinds.values()) in _OPTION_KINDS


@dataclass(frozen=True, slots=True)
class MappingJudge:
    """What the verdicts on the mappings of one object depend on.

    `available` are the delivered columns of each side, `trimmed` those of them whose values are known to be trimmed.
    """

    object: Object
    sync: ObjectSync
    catalogue: Catalogue
    rulebook: Rulebook
    available: Mapping[System, Collection[str]]
    assumptions: Mapping[str, str]
    trimmed: Mapping[System, Collection[str]] = field(default_factory=dict)

    def verdicts(self) -> tuple[JudgedMapping, ...]:
        """The verdict on every mapping of the object, in the order of the settings."""
        return tuple(self._judge(mapping) for mapping in self.sync.mappings)

    def _judge(self, mapping: FieldMapping) -> JudgedMapping:
        names = {System.HUBSPOT: mapping.hubspot, System.DYNAMICS: mapping.dynamics}
        fields = {system: self.catalogue.find(system, self.object, name) for system, name in names.items()}
        kinds = {side: kind_of(field, self.rulebook) if field is not None else None for side, field in fields.items()}
        by_fields = verdict_of_fields(fields, kinds, self.rulebook, self.assumptions)
        asked = intersect(mapping.direction, self.sync.direction)
        delivered = {side: column for side, name in names.items() if (column := self._column(side, name)) is not None}
        columns = names | delivered
        pairs = self._option_pairs(mapping, fields, kinds)
        trimmed = frozenset(side for side, column in delivered.items() if column in self.trimmed.get(side, ()))
        return JudgedMapping(
            mapping=mapping,
            fields=fields,
            kinds=kinds,
            judged=verdict_in_force(by_fields, mapping.direction, self.sync.direction),
            by_fields=by_fields,
            asked=asked,
            flow=intersect(by_fields.allowed, asked),
            columns=columns,
            delivered=frozenset(delivered),
            option_pairs=pairs,
            trimmed=trimmed,
            owner_type=self._owner_type(kinds, columns[System.DYNAMICS]),
            fraction=self._fraction(fields[System.DYNAMICS], kinds),
        )

    def _fraction(self, column: Field | None, kinds: Mapping[System, str | None]) -> str | None:
        is_whole = column is not None and column.type in _WHOLE and kinds[System.HUBSPOT] == "number"
        return self.assumptions["fraction_to_whole"] if is_whole else None

    def _option_pairs(
        self, mapping: FieldMapping, fields: Mapping[System, Field | None], kinds: Mapping[System, str | None]
    ) -> OptionPairs:
        hubspot, dynamics = fields[System.HUBSPOT], fields[System.DYNAMICS]
        if hubspot is None or dynamics is None or set(kinds.values()) not in _OPTION_KINDS:
            return ()
        return pair_options(mapping.options, hubspot, dynamics, self.assumptions["option_pairing"])

    def _column(self, system: System, name: str) -> str | None:
        """The column that was delivered for a field, a lookup's as `_name_value`; None when none was."""
        available = self.available[system]
        if name in available:
            return name
        return f"_{name}_value" if f"_{name}_value" in available else None

    def _owner_type(self, kinds: Mapping[System, str | None], column: str) -> str | None:
        name = f"{column.removesuffix('_value')}_type"
        is_delivered = column.endswith("_value") and name in self.available[System.DYNAMICS]
        return name if is_delivered and kinds[System.DYNAMICS] == "owner" else None
