"""What is tried: for each mapping and each system that it writes to, the edge values of the field there, and what the
forecast says of each.

Facts
    * A value that is never written is `not_written`: an option without a partner, and what the field that the value
      comes from cannot hold. One that makes the record fail is `refused`, with the rule.

Source: core.writing.refusals; docs/semantics.md section 5, step 7.

Where it is used: `rehearsal.mapping_trial`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.fields.mappings import JudgedMapping, MappingJudge
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import Column, stored_object
from dynsync_lib.core.writing.email_syntax import is_valid_address
from dynsync_lib.core.writing.refusals import NUMBER_OF, REFUSALS, Test, first_refusal, is_persons_email, limit_tests
from dynsync_lib.engine import Engine
from dynsync_lib.rehearsal.mapping_trial.edge_values import EdgeValue, edge_values

ACCEPTED: Final = "accepted"
REFUSED: Final = "refused"
NOT_WRITTEN: Final = "not_written"
_VALUE: Final = (Column("place", "integer", ""), Column("value", "text", ""))
_NUMBER: Final = re.compile(r"[+-]?[0-9]*[.]?[0-9]*")
_FLAGS: Final = ("true", "false")
_DATE_LENGTH: Final = 10
"""Characters of a date; what is longer has a time, which the sync cuts off."""
_NO_EDGES: Final = "Owners and lookups point to people and records, which are not made up."


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the forecast says of a value: accepted, refused or not_written, and by which rule."""

    verdict: str
    rule_id: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One value of one field: it is written into a new record of the field's table."""

    object: Object
    system: System
    field: Field
    kind: str
    other_field: str
    edge: EdgeValue
    foretold: Foretold

    @property
    def table(self) -> Object:
        """Whose records hold the field: HubSpot has contacts where Dynamics has leads."""
        return stored_object(self.object, self.system)


@dataclass(frozen=True, slots=True)
class NotTried:
    """A mapping of which nothing is tried in one system, and why."""

    object: Object
    system: System
    field: str
    other_field: str
    why: str


def list_trials(
    engine: Engine,
    settings: Settings,
    catalogue: Catalogue,
    rulebook: Rulebook,
    *,
    time_zone: str | None,
    mark: str,
) -> tuple[list[Trial], list[NotTried]]:
    """All trials of the objects that are on, and what is not tried.

    A field that several mappings write to is tried once.
    """
    trials: list[Trial] = []
    not_tried: list[NotTried] = []
    done: set[tuple[System, Object, str]] = set()
    for object_, sync in settings.sync.items():
        if not sync.enabled:
            continue
        for judged in _judge(object_, settings, catalogue, rulebook):
            for target in System:
                key = (target, stored_object(object_, target), judged.name_of(target))
                if key in done:
                    continue
                done.add(key)
                why = _why_not(judged, target)
                if why:
                    names = (judged.name_of(target), judged.name_of(target.other))
                    not_tried.append(NotTried(object_, target, *names, why))
                else:
                    asker = _Asker(engine, rulebook, object_, judged, target)
                    trials += asker.trials(time_zone, f"{mark}{len(trials)}")
    return trials, not_tried


def _judge(object_: Object, settings: Settings, catalogue: Catalogue, rulebook: Rulebook) -> Sequence[JudgedMapping]:
    available = {system: _columns(catalogue, system, object_) for system in System}
    judge = MappingJudge(
        object_,
        settings.sync[object_],
        catalogue=catalogue,
        rulebook=rulebook,
        available=available,
        assumptions=settings.assumptions,
    )
    return judge.verdicts()


def _columns(catalogue: Catalogue, system: System, object_: Object) -> frozenset[str]:
    names = catalogue.names(system, object_)
    return frozenset(part for name in names for part in (name, f"_{name}_value", f"_{name}_type"))


def _why_not(judged: JudgedMapping, target: System) -> str:
    """Why nothing of a mapping is tried in a system; blank when something is."""
    if judged.fields[target] is None:
        return f"{target.label} does not have the field."
    if not judged.writes_to(target):
        return judged.judged.reason or f"The sync writes nothing into {target.label} by this mapping."
    return _NO_EDGES if judged.kinds[target] in ("owner", "lookup", None) else ""


@dataclass(frozen=True, slots=True)
class _Asker:
    """Asks the forecast about values of one field."""

    engine: Engine
    rulebook: Rulebook
    object: Object
    judged: JudgedMapping
    target: System

    def trials(self, time_zone: str | None, mark: str) -> Iterator[Trial]:
        field, kind = self.judged.fields[self.target], self.judged.kinds[self.target]
        if field is None or kind is None:
            return
        edges = edge_values(field, kind, time_zone=time_zone, mark=mark)
        other = self.judged.name_of(self.target.other)
        for edge, foretold in zip(edges, self._foretold(edges), strict=True):
            yield Trial(self.object, self.target, field, kind, other, edge, foretold)

    def _foretold(self, edges: Sequence[EdgeValue]) -> list[Foretold]:
        rows = [{"place": number, "value": edge.value} for number, edge in enumerate(edges)]
        tests = list(self._tests(nw.col("value")))
        frame = self.engine.from_rows(rows, _VALUE)
        asked = frame.with_columns(refusal=first_refusal(tests)) if tests else frame.with_columns(refusal="place")
        numbers = {row["place"]: row["refusal"] if tests else None for row in self.engine.rows(asked)}
        return [self._verdict(edge, numbers[number]) for number, edge in enumerate(edges)]

    def _tests(self, value: nw.Expr) -> Iterator[Test]:
        if self.target is System.DYNAMICS:
            yield from limit_tests(self.judged, value)
        elif is_persons_email(self.object, self.judged):
            yield NUMBER_OF["contact.invalid-email"], ~is_valid_address(value, self.rulebook.top_level_domains)

    def _verdict(self, edge: EdgeValue, refusal: int | None) -> Foretold:
        if edge.value is None:
            return Foretold(NOT_WRITTEN, "field.never-blank")
        if self.judged.pairs_options() and not self._is_known(edge.value):
            return Foretold(NOT_WRITTEN, "field.option-unpaired")
        if not self._can_come(edge.value):
            return Foretold(NOT_WRITTEN)
        return Foretold(ACCEPTED) if refusal is None else Foretold(REFUSED, REFUSALS[refusal][1])

    def _can_come(self, value: str) -> bool:
        """Whether the field that values come from can hold this one, or what becomes of it can be this one."""
        source, kind = self.judged.fields[self.target.other], self.judged.kinds[self.target.other]
        if kind == "text":
            return source is None or source.length is None or len(value) <= source.length
        if kind == "number":
            return _NUMBER.fullmatch(value) is not None
        if kind == "yes_no":
            return value in _FLAGS
        return not (self.judged.kinds[self.target] == "date" and len(value) > _DATE_LENGTH)

    def _is_known(self, value: str) -> bool:
        """Whether all elements of a choice are options that have a partner: no other value is ever written."""
        partnered = {pair[0 if self.target is System.HUBSPOT else 1] for pair in self.judged.option_pairs}
        return {part.strip() for part in value.replace(",", ";").split(";")} <= partnered
