"""Random small worlds: groups of records that share keys inside their group only, under one random engagement.

Many groups travel in one world, because asking an engine about one group costs as much as asking about a hundred.
Hypothesis draws seeds, and all else follows from them: choices that it draws one by one repeat those of the example
before, and some settings never meet. `smallest.py` cuts down what disagrees.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from hypothesis import strategies as st

from tests.laws.dice import Dice, pick, seldom
from tests.laws.fields import FIELDS
from tests.laws.small_records import draw_records, group_of
from tests.laws.small_settings import draw_assumptions, draw_sync, draw_undelivered
from tests.opinions import Row, SmallWorld

GROUPS = 25
_CREATES_COMPANIES: tuple[Literal["off", "on", "unknown"], ...] = ("off", "on", "unknown")
SEEDS = st.integers(0, 2**24 - 1)
"""Seeds of worlds. Hypothesis draws evenly from so many; of more it prefers the small ones."""


def seeded_world(seed: int, groups: int = GROUPS) -> SmallWorld:
    """The small world of a seed: the same for the same seed."""
    dice = Dice(seed)
    sync, assumptions = draw_sync(dice), draw_assumptions(dice)
    auto_create, undelivered = pick(dice, _CREATES_COMPANIES), draw_undelivered(dice)
    records = draw_records(dice, groups, with_bindings=seldom(dice, 3))
    return SmallWorld(
        tables=records.tables,
        fields=FIELDS,
        sync=sync,
        links=records.links,
        assumptions=assumptions,
        undelivered=undelivered,
        bindings=records.bindings,
        auto_create_companies=auto_create,
    )


def only_groups(world: SmallWorld, groups: set[int]) -> SmallWorld:
    """The world with the records of these groups alone."""
    tables = {name: [row for row in rows if _stays(row, name, groups)] for name, rows in world.tables.items()}
    links = [link for link in world.links if group_of(link["from_id"]) in groups]
    bindings = [one for one in world.bindings if {group_of(one["hubspot_id"]), group_of(one["dynamics_id"])} & groups]
    return replace(world, tables=tables, links=links, bindings=bindings)


def _stays(row: Row, table: str, groups: set[int]) -> bool:
    return table in ("hubspot/owners", "dynamics/users") or group_of(str(row["id"])) in groups
