"""What the witness gives a record that it creates."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings import ObjectSync
from dynsync_lib.emulator.witness.initial_sync import run_initial_sync
from tests.laws.fields import FIELDS
from tests.opinions import Row, SmallWorld, mapping_of, plan_of, store_of


def created_contact(
    sync: ObjectSync, person: Row, *, undelivered: frozenset[str] = frozenset()
) -> Mapping[str, object]:
    """The one HubSpot contact that the sync makes of a Dynamics contact."""
    world = SmallWorld({"dynamics/contacts": [person]}, FIELDS, {Object.CONTACT: sync}, undelivered=undelivered)
    store = store_of(world)
    run_initial_sync(store, plan_of(world))
    (record,) = store.records(System.HUBSPOT, Object.CONTACT)
    return {name: record.get(name) for name in ("email", "lifecyclestage")}


@pytest.mark.parametrize(
    ("stage", "undelivered", "expected"),
    [
        (None, frozenset(), "customer"),
        ("1", frozenset(), "lead"),
        ("4", frozenset(), "customer"),
        # the property is not in the snapshot; the portal has it all the same
        (None, frozenset({"hubspot.contact.lifecyclestage"}), "customer"),
    ],
)
def test_a_new_contact_gets_the_default_stage_where_no_mapping_fills_it(
    stage: str | None, undelivered: frozenset[str], expected: str
) -> None:
    mappings = (mapping_of("email <-> emailaddress1"), mapping_of("lifecyclestage <- stagecode"))
    sync = ObjectSync(enabled=True, mappings=mappings, default_lifecycle_stage="customer")
    person = {"id": "d1", "emailaddress1": "a@example.com", "stagecode": stage}
    contact = created_contact(sync, person, undelivered=undelivered)
    assert contact == {"email": "a@example.com", "lifecyclestage": expected}
