"""A world on which two opinions differ, cut down until nothing can be left out: what a person can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from dynsync_lib.core.settings import ObjectSync
from tests.laws.small_records import group_of
from tests.laws.small_worlds import only_groups
from tests.opinions import SmallWorld

Differs = Callable[[SmallWorld], bool]

_KEPT = {"enabled", "mappings", "match_hubspot", "match_dynamics"}


def smallest(world: SmallWorld, differs: Differs, most_questions: int = 400) -> SmallWorld:
    """The world without everything that the difference does not need. `differs` says whether it is still there.

    At most so many questions are asked; what is left then is what comes back.
    """
    left = most_questions
    is_smaller = True
    while is_smaller and left > 0:
        is_smaller = False
        for candidate in _smaller_worlds(world):
            left -= 1
            if left < 0:
                break
            if differs(candidate):
                world, is_smaller = candidate, True
                break
    return world


def _smaller_worlds(world: SmallWorld) -> Iterator[SmallWorld]:
    """Worlds that lack one thing more: half of the groups first, then rows, links, settings, values."""
    yield from _fewer_groups(world)
    yield from _fewer_rows(world)
    yield from _plainer_settings(world)
    yield from _fewer_values(world)


def _fewer_groups(world: SmallWorld) -> Iterator[SmallWorld]:
    groups = sorted(_groups(world))
    if len(groups) < 2:
        return
    middle = len(groups) // 2
    yield only_groups(world, set(groups[:middle]))
    yield only_groups(world, set(groups[middle:]))


def _groups(world: SmallWorld) -> set[int]:
    found = {group_of(str(row["id"])) for rows in world.tables.values() for row in rows}
    return {group for group in found if group is not None}


def _fewer_rows(world: SmallWorld) -> Iterator[SmallWorld]:
    for name, rows in world.tables.items():
        for place in range(len(rows)):
            yield replace(world, tables={**world.tables, name: [*rows[:place], *rows[place + 1 :]]})
    for place in range(len(world.links)):
        yield replace(world, links=[*world.links[:place], *world.links[place + 1 :]])
    for place in range(len(world.bindings)):
        yield replace(world, bindings=[*world.bindings[:place], *world.bindings[place + 1 :]])


def _plainer_settings(world: SmallWorld) -> Iterator[SmallWorld]:
    for name in world.assumptions:
        yield replace(world, assumptions={key: one for key, one in world.assumptions.items() if key != name})
    if world.undelivered:
        yield replace(world, undelivered=frozenset())
    if world.auto_create_companies != "off":
        yield replace(world, auto_create_companies="off")
    for object_, sync in world.sync.items():
        for plainer in _plainer_syncs(sync):
            yield replace(world, sync={**world.sync, object_: plainer})


def _plainer_syncs(sync: ObjectSync) -> Iterator[ObjectSync]:
    if sync.enabled:
        yield replace(sync, enabled=False)
    plain = ObjectSync()
    for one in fields(sync):
        if one.name not in _KEPT and getattr(sync, one.name) != getattr(plain, one.name):
            yield replace(sync, **{one.name: getattr(plain, one.name)})
    for place in range(len(sync.mappings)):
        yield replace(sync, mappings=sync.mappings[:place] + sync.mappings[place + 1 :])


def _fewer_values(world: SmallWorld) -> Iterator[SmallWorld]:
    for name, rows in world.tables.items():
        for place, row in enumerate(rows):
            for column in [key for key, value in row.items() if value is not None and key != "id"]:
                plainer = {key: value for key, value in row.items() if key != column}
                yield replace(world, tables={**world.tables, name: [*rows[:place], plainer, *rows[place + 1 :]]})


def told(world: SmallWorld) -> list[str]:
    """A small world as lines to read."""
    lines = [f"{name} = {choice}" for name, choice in world.assumptions.items()]
    lines += [f"not delivered: {name}" for name in sorted(world.undelivered)]
    plain = ObjectSync()
    for object_, sync in world.sync.items():
        told_of = [
            f"{one.name} = {getattr(sync, one.name)}"
            for one in fields(sync)
            if one.name != "mappings" and getattr(sync, one.name) != getattr(plain, one.name)
        ]
        mapped = [f"{one.hubspot} {one.direction} {one.dynamics} {dict(one.options) or ''}" for one in sync.mappings]
        lines += [f"[{object_}] {', '.join(told_of)}", *(f"    {one}" for one in mapped)] if sync.enabled else []
    for name, rows in world.tables.items():
        lines += [f"{name}: {{ {', '.join(f'{k}={v!r}' for k, v in row.items() if v is not None)} }}" for row in rows]
    lines += [f"link: {dict(link)}" for link in world.links]
    lines += [f"binding: {dict(one)}" for one in world.bindings]
    return [*lines, f"auto_create_companies = {world.auto_create_companies}"]
