"""Waiting for the real sync: the settings to make, and when both portals count as being at rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib import kit
from dynsync_lib.cli.rehearsal_wait import print_watched
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import UsageError
from dynsync_lib.kit.rulebooks import key_maker, read_settings, rulebook
from dynsync_lib.rehearsal.portal_steps import PortalSteps
from dynsync_lib.rehearsal.rehearsal_folder import Rehearsal
from dynsync_lib.rehearsal.settings_to_make import settings_to_make
from dynsync_lib.rehearsal.waiting import Watch, wait_for_rest
from tests.emulator.clients import portal_client
from tests.pulls import NOON, FakeTime, connections
from tests.rehearsal.plans import make_plan
from tests.rehearsal.portals import writes

SETTINGS = """
[hubspot]
sync_as_marketing = true
[sync.contact]
direction = "two_way"
conflict_winner = "hubspot"
filter_to_hubspot = "statecode = 0"
[sync.company]
direction = "to_hubspot"
[sync.deal]
[sync.deal.stages]
open = "1"
"""
Busy = Callable[[Emulator, int], None]
MAPPINGS: list[dict[str, Any]] = [
    {
        "object": "contact",
        "hubspot_field": "jobtitle",
        "dynamics_field": "jobtitle",
        "allowed_directions": "to_hubspot",
    },
    {"object": "contact", "hubspot_field": "city", "dynamics_field": "address1_city", "allowed_directions": None},
]


def test_settings__field_by_field(tmp_path: Path) -> None:
    (tmp_path / "dynsync.toml").write_text(SETTINGS, encoding="utf-8")
    made = settings_to_make(kit.read_settings(tmp_path / "dynsync.toml"), MAPPINGS)
    said = {(line.object, line.setting): line.value for line in made}
    assert said["contact", "Direction"] == "both ways"
    assert said["contact", "If there is a conflict, use data from"] == "HubSpot"
    assert said["contact", "Filter of Dynamics's records"] == "statecode = 0"
    assert said["contact", "Filter of HubSpot's records"] == "none"
    assert said["contact", "Limit: only contacts with an e-mail address"] == "on"
    assert said["contact", "Field mapping jobtitle (HubSpot) and jobtitle (Dynamics)"] == "Dynamics to HubSpot"
    assert said["contact", "Field mapping city (HubSpot) and address1_city (Dynamics)"] == "off"
    assert said["contact", "New contacts are"] == "marketing contacts"
    assert said["company", "Direction"] == "Dynamics to HubSpot"
    assert ("company", "If there is a conflict, use data from") not in said
    assert ("company", "Filter of HubSpot's records") not in said
    assert said["deal", "Deal stage"] == "open in HubSpot is 1 in Dynamics"
    assert said["deal", "Match records by"] == "no matching"
    assert said["invoice", "Sync"] == "off"
    assert said["", "Create and associate companies with contacts automatically"] == (
        "as in the real portal (the settings do not say)"
    )


def make_contact(emulator: Emulator, number: int) -> None:
    with portal_client(emulator) as portal:
        properties = {"email": f"new{number}@qa1.example"}
        assert portal.post("/crm/v3/objects/contacts", json={"properties": properties}).status_code == 201


def associate(emulator: Emulator, number: int) -> None:
    """Associates the contact of a number with the last company, as a sync does."""
    with portal_client(emulator) as portal:
        contacts, companies = (
            [row["id"] for row in portal.get(f"/crm/v3/objects/{name}?limit=100").json()["results"]]
            for name in ("contacts", "companies")
        )
        path = f"/crm/v4/objects/contacts/{contacts[number - 1]}/associations/default/companies/{companies[-1]}"
        assert portal.put(path).status_code == 200


class Waiting:
    """A rehearsal of the small portals that is seeded and waits, on a time that only sleeping moves."""

    def __init__(self, emulator: Emulator, rehearsal: Rehearsal) -> None:
        self.emulator, self.rehearsal, self.time = emulator, rehearsal, FakeTime()
        settings = read_settings(rehearsal.settings_path).of_test_portals()
        parts = (connections(emulator), settings, rulebook(), key_maker(), lambda: NOON, self.time.pace())
        self.steps = PortalSteps(*parts)
        self.steps.seed(rehearsal)
        self.looks: list[tuple[int, int]] = []

    def wait(self, *, busy_looks: int, busy: Busy | None = None) -> kit.Watched:
        """Waits while the sync writes something, a contact unless `busy` does else, after each of the first looks."""

        def look(records: Mapping[str, int], still: int) -> None:
            self.looks.append((records["hubspot/contacts"], still))
            if len(self.looks) <= busy_looks:
                (busy or make_contact)(self.emulator, len(self.looks))

        watch = Watch(interval_s=60.0, still_looks=3, longest_s=600.0)
        return wait_for_rest(self.steps, self.rehearsal, watch, look)


def test_wait__until_three_looks_saw_the_same(emulator: Emulator, tmp_path: Path) -> None:
    waiting = Waiting(emulator, make_plan(tmp_path / "r"))
    before = len(writes(emulator))
    watched = waiting.wait(busy_looks=2)
    assert (watched.has_begun, watched.is_at_rest, watched.looks) == (True, True, 5)
    assert waiting.looks == [(6, 1), (7, 1), (8, 1), (8, 2), (8, 3)]
    assert waiting.time.slept.count(60.0) == 4
    assert len(writes(emulator)) - before == 2  # those of the sync: watching writes nothing


def test_wait__a_sync_that_has_not_begun_is_not_at_rest(emulator: Emulator, tmp_path: Path) -> None:
    watched = Waiting(emulator, make_plan(tmp_path / "r")).wait(busy_looks=0)
    assert (watched.has_begun, watched.is_at_rest, watched.looks) == (False, False, 11)


def test_wait__a_sync_that_writes_associations_alone_is_not_at_rest(emulator: Emulator, tmp_path: Path) -> None:
    waiting = Waiting(emulator, make_plan(tmp_path / "r"))
    watched = waiting.wait(busy_looks=3, busy=associate)
    assert (watched.has_begun, watched.is_at_rest, watched.looks) == (True, True, 6)
    assert [still for _, still in waiting.looks] == [1, 1, 1, 1, 2, 3]
    assert watched.records["associations of contact to company"] == 3 + 2 + 3  # the world's, ours, the sync's
    assert watched.unwatched == []


@pytest.mark.long
def test_wait__associations_that_came_before_the_first_look_are_a_beginning(emulator: Emulator, tmp_path: Path) -> None:
    waiting = Waiting(emulator, make_plan(tmp_path / "r"))
    associate(emulator, 1)
    watched = waiting.wait(busy_looks=0)
    assert (watched.has_begun, watched.is_at_rest, watched.looks) == (True, True, 3)


def test_wait__says_what_it_cannot_see(capsys: pytest.CaptureFixture[str]) -> None:
    watched = kit.Watched(True, True, {}, 3, ["associations of deal to contact"])
    print_watched(watched, Path("out/r"))
    assert "Not watched, because it cannot be read: associations of deal to contact." in capsys.readouterr().out


def test_wait__not_before_seeding(emulator: Emulator, tmp_path: Path) -> None:
    make_plan(tmp_path / "r")
    with pytest.raises(UsageError, match="is not seeded"):
        kit.wait_for_sync(tmp_path / "r", addresses=emulator.addresses)
