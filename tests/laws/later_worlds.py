"""A small world some days later: values changed, blanked and spelled differently on either side, and records gone.

Each cell changes by a chance of its own, so a world that is cut down changes as the whole one did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from random import Random

from tests.laws.dice import Dice
from tests.laws.small_records import BINDABLE, BLANKS, draw_records, group_of
from tests.opinions import Row, SmallWorld

_KEPT = {"id", "file_rank"}
_PEOPLE = {"hubspot/owners", "dynamics/users"}
_DAYS_LATER = 3
_GONE, _CHANGED, _BLANKED, _SPELLED = 0.06, 0.35, 0.08, 0.10
_POOL_GROUPS, _POOL_SEED = 30, 7


def bound_world(world: SmallWorld) -> SmallWorld:
    """The world with a pair for as many records of each group as there are on both sides, besides its own bindings."""
    added = [
        {"object": object_, "hubspot_id": ours, "dynamics_id": theirs}
        for object_, (hubspot, dynamics) in BINDABLE.items()
        for ours, theirs in _pairs(world.tables.get(hubspot, ()), world.tables.get(dynamics, ()))
    ]
    return replace(world, bindings=[*world.bindings, *(one for one in added if one not in world.bindings)])


def _pairs(ours: Sequence[Row], theirs: Sequence[Row]) -> list[tuple[str, str]]:
    by_group: dict[int | None, list[str]] = {}
    for row in theirs:
        by_group.setdefault(group_of(str(row["id"])), []).append(str(row["id"]))
    waiting = {group: iter(ids) for group, ids in by_group.items()}
    met = [(str(row["id"]), next(waiting.get(group_of(str(row["id"])), iter(())), None)) for row in ours]
    return [(one, other) for one, other in met if other is not None]


def later_world(world: SmallWorld, seed: int) -> SmallWorld:
    """The same portals some days later; the same for the same seed."""
    tables = {name: rows if name in _PEOPLE else _later_rows(name, rows, seed) for name, rows in world.tables.items()}
    return replace(world, tables=tables, taken_at=world.taken_at + timedelta(days=_DAYS_LATER))


def _later_rows(table: str, rows: Sequence[Row], seed: int) -> list[Row]:
    return [_later_row(table, row, seed) for row in rows if _chance(seed, table, row["id"]).random() >= _GONE]


def _later_row(table: str, row: Row, seed: int) -> Row:
    pool = _pool()[table]
    return {
        name: value if name in _KEPT else _later_value(value, pool[name], _chance(seed, table, row["id"], name))
        for name, value in {**dict.fromkeys(pool), **row}.items()
    }


def _later_value(value: str | None, pool: Sequence[str | None], chance: Random) -> str | None:
    drawn = chance.random()
    if drawn < _CHANGED:
        return chance.choice(pool)
    if drawn < _CHANGED + _BLANKED:
        return chance.choice(BLANKS)
    if drawn < _CHANGED + _BLANKED + _SPELLED:
        return value and f" {value}\u00a0"
    return value


def _chance(*place: object) -> Random:
    return Random("/".join(map(str, place)))  # noqa: S311 - chance for tests, not for secrets


@cache
def _pool() -> Mapping[str, Mapping[str, Sequence[str | None]]]:
    """Every value that a column of the small worlds may hold, as often as it is drawn."""
    tables = draw_records(Dice(_POOL_SEED), _POOL_GROUPS, with_bindings=False).tables
    return {
        name: {column: [row[column] for row in rows] for column in rows[0] if column not in _KEPT}
        for name, rows in tables.items()
        if name not in _PEOPLE
    }
