"""What the witness says of two moments of one pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from dynsync_lib.core.filters.grammar import read_filter
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import ObjectSync
from dynsync_lib.emulator.witness.replay import Escape, Replay, replay
from tests.laws.fields import FIELDS
from tests.opinions import Row, SmallWorld, mapping_of, plan_of, store_of

H, D = "h1", "00000000-0000-4000-8000-000000000001"
_MAPPINGS = tuple(map(mapping_of, ("firstname <-> firstname", "lifecyclestage <-> stagecode", "score -> score")))


def ask(before: tuple[Row, Row], after: tuple[Row, Row], sync: ObjectSync, **assumptions: str) -> Replay:
    """A HubSpot contact and a Dynamics contact at two moments, bound in between."""
    then, now = (world_of(rows, sync, assumptions) for rows in (before, after))
    return replay(store_of(then), store_of(now), plan_of(now))


def world_of(rows: tuple[Row, Row], sync: ObjectSync, assumptions: Mapping[str, str]) -> SmallWorld:
    return SmallWorld(
        tables={"hubspot/contacts": [{"id": H, **rows[0]}], "dynamics/contacts": [{"id": D, **rows[1]}]},
        fields=FIELDS,
        sync={Object.CONTACT: sync},
        assumptions=assumptions,
        bindings=[{"object": "contact", "hubspot_id": H, "dynamics_id": D}],
    )


SYNC = ObjectSync(enabled=True, conflict_winner=System.DYNAMICS, mappings=_MAPPINGS)


def written_fields(run: Replay) -> list[tuple[str, str, str | None, str, str | None]]:
    return [
        (str(write.target_system), write.target_field, write.old_value, write.new_value, write.note)
        for write in run.writes
    ]


@pytest.mark.parametrize(
    ("before", "after", "writes"),
    [
        (("Al", "Al"), ("Al", "Al "), []),
        (("Al", "Al"), ("Bo", "Al"), [("dynamics", "firstname", "Al", "Bo", "one_side_changed")]),
        (("Al", "Al"), ("Bo", "Cy"), [("hubspot", "firstname", "Bo", "Cy", "both_changed")]),
        (("Al", "Al"), ("Bo", "Bo"), []),
        (("Al", "Al"), (None, "Al"), []),
        (("Al", "Al"), ("Bo", None), [("dynamics", "firstname", None, "Bo", "both_changed")]),
        (("Al", "Bo"), ("Al", "Bo"), []),
    ],
)
def test_a_change_travels_from_where_it_was_made(
    before: tuple[str | None, str | None],
    after: tuple[str | None, str | None],
    writes: list[tuple[str, str, str | None, str, str | None]],
) -> None:
    rows = [({"firstname": ours}, {"firstname": theirs}) for ours, theirs in (before, after)]
    assert written_fields(ask(rows[0], rows[1], SYNC)) == writes


def test_a_number_spelled_otherwise_is_no_change_and_one_way_stays_one_way() -> None:
    same = ask(({"score": "12"}, {"score": "1"}), ({"score": "12.0"}, {"score": "1"}), SYNC)
    back = ask(({"score": "12"}, {"score": "12"}), ({"score": "12"}, {"score": "13"}), SYNC)
    assert (written_fields(same), written_fields(back)) == ([], [])


def test_a_lifecycle_stage_does_not_go_backward() -> None:
    before = ({"lifecyclestage": "customer"}, {"stagecode": "2"})
    run = ask(before, ({"lifecyclestage": "customer"}, {"stagecode": "1"}), SYNC)
    assert written_fields(run) == [("hubspot", "lifecyclestage", "customer", "lead", "lifecycle_ignored")]


def test_an_escape_syncs_on_unless_filters_are_a_fence() -> None:
    named = read_filter("firstname = 'Al'")
    sync = replace(SYNC, filter_to_hubspot=named, filter_to_dynamics=named)
    before, after = ({"firstname": "Al"}, {"firstname": "Al"}), ({"firstname": "Bo"}, {"firstname": "Cy"})
    escape = Escape(Object.CONTACT, H, D, hubspot_passes=False, dynamics_passes=False)
    on, fenced = ask(before, after, sync), ask(before, after, sync, filter_semantics="continuous")
    assert (on.escapes, fenced.escapes) == ((escape,), (escape,))
    assert (len(on.writes), len(fenced.writes)) == (1, 0)
