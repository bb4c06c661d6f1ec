"""The mappings of an object as its sync uses them: judged, and those that really flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dynsync_lib.core.fields.mappings import JudgedMapping, judge_mappings
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation


def objects_on(situation: Situation) -> list[Object]:
    """The objects that are on."""
    return [object_ for object_ in Object if situation.sync(object_).enabled]


def flowing(situation: Situation) -> Iterator[tuple[Object, JudgedMapping]]:
    """Every mapping that flows, with its object."""
    for object_ in objects_on(situation):
        yield from ((object_, judged) for judged in flowing_of(situation, object_))


def flowing_of(situation: Situation, object_: Object) -> list[JudgedMapping]:
    """The mappings of one object that flow; none when it is off."""
    if not situation.sync(object_).enabled:
        return []
    return [judged for judged in judge(situation, object_) if any(judged.writes_to(system) for system in System)]


def judge(situation: Situation, object_: Object) -> tuple[JudgedMapping, ...]:
    """The object's mappings with their verdicts, in the order of the settings. Judged once per situation."""
    return _judged(situation, object_).mappings


def judge_again(situation: Situation, object_: Object, knob: str, other: Situation) -> tuple[JudgedMapping, ...]:
    """The verdicts under `other`, which differs from the situation in `knob` alone: judged only if they ask for it."""
    judged = _judged(situation, object_)
    return judge(other, object_) if knob in judged.asked else judged.mappings


@dataclass(frozen=True, slots=True)
class _Judged:
    """The judged mappings of one object, and the assumptions that their verdicts asked for."""

    mappings: tuple[JudgedMapping, ...]
    asked: frozenset[str]


def _judged(situation: Situation, object_: Object) -> _Judged:
    return situation.remember(("judged", object_.value), lambda: _judge(situation, object_))


def _judge(situation: Situation, object_: Object) -> _Judged:
    assumptions = _Recorder(situation.settings.assumptions)
    mappings = judge_mappings(
        object_,
        situation.sync(object_),
        catalogue=situation.catalogue,
        rulebook=situation.rulebook,
        available={system: situation.columns(object_, system) for system in System},
        assumptions=assumptions,
        trimmed={system: situation.trimmed_columns(object_, system) for system in System},
    )
    return _Judged(mappings, frozenset(assumptions.asked))


class _Recorder(Mapping[str, str]):
    """Assumptions that write down which of them were asked for."""

    def __init__(self, assumptions: Mapping[str, str]) -> None:
        self._assumptions = assumptions
        self.asked: set[str] = set()

    def __getitem__(self, knob: str) -> str:
        self.asked.add(knob)
        return self._assumptions[knob]

    def __iter__(self) -> Iterator[str]:
        self.asked.update(self._assumptions)
        return iter(self._assumptions)

    def __len__(self) -> int:
        return len(self._assumptions)
