"""The mappings that really flow, over all objects that are on."""

from __future__ import annotations

from collections.abc import Iterator

from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object
from dynsync_lib.core.situation import Situation


def objects_on(situation: Situation) -> list[Object]:
    """The objects that are on."""
    return [object_ for object_ in Object if situation.sync(object_).enabled]


def flowing(situation: Situation) -> Iterator[tuple[Object, JudgedMapping]]:
    """Every mapping that flows, with its object."""
    for object_ in objects_on(situation):
        yield from ((object_, judged) for judged in Job(situation, object_).flowing)
