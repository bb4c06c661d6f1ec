"""The mappings of an object as its sync uses them: judged, and those that really flow."""

from __future__ import annotations

from collections.abc import Iterator

from dynsync_lib.core.fields.mappings import JudgedMapping, judge_mappings
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation


def objects_on(situation: Situation) -> list[Object]:
    """The objects that are on."""
    return [object_ for object_ in Object if situation.sync(object_).enabled]


def flowing(situation: Situation) -> Iterator[tuple[Object, JudgedMapping]]:
    """Every mapping that flows, with its object."""
    for object_ in objects_on(situation):
        yield from ((object_, one) for one in flowing_of(situation, object_))


def flowing_of(situation: Situation, object_: Object) -> list[JudgedMapping]:
    """The mappings of one object that flow; none when it is off."""
    if not situation.sync(object_).enabled:
        return []
    return [one for one in judge(situation, object_) if any(one.writes_to(system) for system in System)]


def judge(situation: Situation, object_: Object) -> tuple[JudgedMapping, ...]:
    """The object's mappings with their verdicts."""
    return judge_mappings(
        object_,
        situation.sync(object_),
        catalogue=situation.catalogue,
        rulebook=situation.rulebook,
        available={system: situation.columns(object_, system) for system in System},
        assumptions=situation.settings.assumptions,
        trimmed={system: situation.trimmed_columns(object_, system) for system in System},
    )
