"""What the witness alone must hold to: cheap laws, asked of many small worlds."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings

from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import RECORD_TABLES
from tests.laws.invariants import broken_invariants
from tests.laws.small_records import group_of
from tests.laws.small_worlds import SEEDS, seeded_world
from tests.opinions import Row, SmallWorld, ask_witness

_QUICK = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@_QUICK
@given(seed=SEEDS)
def test_no_invariant_is_broken(seed: int) -> None:
    world = seeded_world(seed, 6)
    assert broken_invariants(world, ask_witness(world)) == []


@_QUICK
@given(seed=SEEDS)
def test_the_order_of_delivery_moves_collision_groups_only(seed: int) -> None:
    world = seeded_world(seed, 12)
    shuffled = replace(world, tables={name: _shuffled(rows, seed) for name, rows in world.tables.items()})
    before, after = ask_witness(world).outcomes, ask_witness(shuffled).outcomes
    moved = {group_of(record[2]) for record in before if before[record] != after[record]}
    assert moved <= collision_groups(world)


def _shuffled(rows: Sequence[Row], seed: int) -> list[Row]:
    mixed = list(rows)
    Random(seed).shuffle(mixed)  # noqa: S311
    return mixed


def collision_groups(world: SmallWorld) -> set[int | None]:
    """The groups in which two records of one table could share a key or a counterpart, or are bound already."""
    found = {group_of(one[end]) for one in world.bindings for end in ("hubspot_id", "dynamics_id")}
    found |= _groups_with_rivals(world)
    for name, table in RECORD_TABLES.items():
        if table.object is None:
            continue
        seen: set[tuple[int | None, str, str]] = set()
        for row in world.tables.get(name, ()):
            group = group_of(str(row["id"]))
            keys = {(group, *key) for key in _rough_keys(row, table.object, world)}
            found |= {group} if keys & seen else set()
            seen |= keys
    return found


def _groups_with_rivals(world: SmallWorld) -> set[int | None]:
    """The groups in which two records of one table have addresses, be they different, of one HubSpot contact."""
    found = set[int | None]()
    for contact in world.tables.get("hubspot/contacts", ()):
        mine = set(map(_letters, _addresses(contact))) - {""}
        for table in ("dynamics/contacts", "dynamics/leads"):
            rivals = [row for row in world.tables.get(table, ()) if _letters(row.get("emailaddress1")) in mine]
            found |= {group_of(str(contact["id"]))} if len(rivals) > 1 else set()
    return found


def _addresses(row: Row) -> list[str | None]:
    return [row.get("email"), row.get("emailaddress1"), *(row.get("hs_additional_emails") or "").split(";")]


def _rough_keys(row: Row, object_: Object, world: SmallWorld) -> set[tuple[str, str]]:
    """Anything by which a record could be taken for another one of its group under the world's settings."""
    keys = {("address", _letters(one)) for one in _addresses(row)} | {("name", _letters(row.get("name")))}
    modes = {world.sync[one].match_mode for one in (object_, *((Object.LEAD,) if object_ is Object.CONTACT else ()))}
    if "own_field" in modes:
        keys.add(("ext", _letters(row.get("ext") or row.get("extid"))))
    domain = row.get("domain") or row.get("websiteurl") or ""
    if world.assumptions.get("company_keys", "name") != "name" and _letters(domain):
        keys.add(("domain", "two" if "two" in domain else "one"))
    return {(name, key) for name, key in keys if key} if object_ not in _KEYLESS or "own_field" in modes else set()


_KEYLESS = (Object.DEAL, Object.INVOICE)


def _letters(text: str | None) -> str:
    plain = unicodedata.normalize("NFKC", text or "").casefold()
    return "".join(one for one in plain if one.isalnum())
