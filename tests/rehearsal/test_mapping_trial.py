"""Edge values of mapped fields: which are tried, what the forecast says, and what two emulated portals do with them."""

from __future__ import annotations

from typing import Any

import pytest

from dynsync_lib.core.fields.catalogue import Field, Option
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.emulator.conditions.switches import Fault, PortalFacts
from dynsync_lib.emulator.serving.emulator import Emulator
from dynsync_lib.errors import PortalError, ProductionPortalError
from dynsync_lib.rehearsal.mapping_trial.edge_values import EdgeValue, edge_values
from dynsync_lib.rehearsal.mapping_trial.results import MappingTrial, tell_results
from dynsync_lib.rehearsal.mapping_trial.trials import Foretold, Trial
from dynsync_lib.rehearsal.mapping_trial.tried_values import TAG, Outcome, Tried
from dynsync_lib.rehearsal.mapping_trial.try_mapping import try_mapping
from dynsync_lib.rehearsal.portal_records import read_records
from dynsync_lib.rehearsal.standing import standing_ids
from dynsync_lib.rehearsal.writing.portal_pair import TestPortals
from dynsync_lib.rehearsal.writing.written import Refusal
from tests.rehearsal.portals import with_portals, writes
from tests.rulebook_texts import shipped_rulebook

BOOK = shipped_rulebook()
SETTINGS = """
[sync.contact]
default_mappings = false

[[sync.contact.mapping]]
hubspot = "email"
dynamics = "emailaddress1"

[[sync.contact.mapping]]
hubspot = "firstname"
dynamics = "firstname"

[[sync.contact.mapping]]
hubspot = "customer_tier"
dynamics = "new_customertier"

[[sync.contact.mapping]]
hubspot = "newsletter_count"
dynamics = "new_newslettercount"

[[sync.contact.mapping]]
hubspot = "last_visit"
dynamics = "new_lastvisit"

[[sync.contact.mapping]]
hubspot = "company"
dynamics = "parentcustomerid"
"""
D, H = System.DYNAMICS, System.HUBSPOT
NAME = Field(D, Object.CONTACT, "name", "Name", "String", "Text", length=5)


def edges(field: Field, kind: str, time_zone: str | None = None) -> dict[str, str | None]:
    return {value.edge: value.value for value in edge_values(field, kind, time_zone=time_zone, mark="m")}


def tried(emulator: Emulator) -> MappingTrial:
    settings = parse_settings(SETTINGS, file="dynsync.toml", rulebook=BOOK)

    async def run(portals: TestPortals) -> MappingTrial:
        return await try_mapping(portals, settings, BOOK)

    return with_portals(emulator, run)


def left_behind(emulator: Emulator) -> dict[str, dict[str, str]]:
    async def look(portals: TestPortals) -> dict[str, dict[str, str]]:
        return standing_ids(await read_records(portals), TAG)

    return with_portals(emulator, look)


def row(trial: MappingTrial, system: System, field: str, edge: str) -> dict[str, Any]:
    return next(own for own in trial.rows if (own["system"], own["field"], own["edge"]) == (system, field, edge))


def test_edges_of_a_text__longest_and_one_longer() -> None:
    assert edges(NAME, "text") == {
        "longest": "xxxxx",
        "one longer": "xxxxxx",
        "not ASCII": "Žofie",
        "outer blanks": " x ",
        "empty": None,
    }


def test_edges_of_a_number__stand_on_both_sides_of_its_limits() -> None:
    field = Field(D, Object.CONTACT, "n", "N", "Integer", min_value=0, max_value=100)
    assert edges(field, "number") == {
        "largest": "100",
        "one beyond": "101",
        "smallest": "0",
        "one below": "-1",
        "with a fraction": "1.5",
        "empty": None,
    }


def test_edges_of_a_moment__are_midnight_and_year_ends_of_the_portal() -> None:
    field = Field(H, Object.CONTACT, "seen", "Seen", "datetime", "date")
    assert edges(field, "datetime", "Europe/Berlin") == {
        "midnight": "2026-05-03T22:00:00Z",
        "a second before midnight": "2026-05-03T21:59:59Z",
        "end of the year": "2026-12-31T22:59:59Z",
        "beginning of the year": "2026-12-31T23:00:00Z",
        "empty": None,
    }
    assert edges(field, "datetime", "Nowhere/Land")["midnight"] == "2026-05-04T00:00:00Z"


def test_edges_of_a_choice__are_all_options_and_an_unknown_one() -> None:
    field = Field(H, Object.CONTACT, "tier", "Tier", "enumeration", "select", (Option("a", "A"), Option("b", "B")))
    assert edges(field, "choice") == {
        "option a": "a",
        "option b": "b",
        "unknown option": "dynsync_unknown",
        "empty": None,
    }


def test_edges_of_people_and_records__are_none() -> None:
    assert edges(Field(D, Object.CONTACT, "ownerid", "Owner", "Owner"), "owner") == {}


@pytest.mark.parametrize(
    ("kind", "verdict", "written", "result", "portal", "differs"),
    [
        ("text", "accepted", "x", Tried("x"), "accepted", False),
        ("text", "accepted", " x ", Tried("x"), "changed", False),
        ("text", "accepted", "x", Tried("y"), "changed", True),
        ("text", "accepted", "x", Tried(refusal=Refusal(400, "BAD", "no")), "refused", True),
        ("text", "refused", "x", Tried(refusal=Refusal(400, "BAD", "no")), "refused", False),
        ("text", "refused", "x", Tried("x"), "accepted", True),
        ("text", "not_written", "x", Tried(refusal=Refusal(400, "BAD", "no")), "refused", False),
        ("number", "accepted", "12.50", Tried("12.5"), "changed", False),
        ("datetime", "accepted", "2026-05-04T10:00:00Z", Tried("2026-05-04T10:00:00.000Z"), "changed", False),
        ("date", "accepted", "2026-05-04", Tried("2026-05-05"), "changed", True),
        ("several_choices", "accepted", "1,2", Tried("2;1"), "changed", False),
        ("text", "not_written", None, Tried(None), "accepted", False),
    ],
)
def test_result__differs_where_portal_and_forecast_do(
    kind: str, verdict: str, written: str | None, result: Tried, portal: str, *, differs: bool
) -> None:
    trial = Trial(Object.CONTACT, D, NAME, kind, "other", EdgeValue("edge", written), Foretold(verdict))
    [shown] = tell_results([trial], Outcome([result], {}), []).rows
    assert (shown["portal"], shown["differs"]) == (portal, differs)


def test_result__of_a_table_that_takes_nothing_is_not_tried() -> None:
    trial = Trial(Object.CONTACT, D, NAME, "text", "other", EdgeValue("edge", "x"), Foretold("accepted"))
    [shown] = tell_results([trial], Outcome([None], {(D, Object.CONTACT): "BAD: no"}), []).rows
    assert (shown["portal"], shown["words"], shown["differs"]) == ("not_tried", "BAD: no", False)


def test_trial__says_what_both_portals_do_and_removes_its_records(emulator: Emulator) -> None:
    trial = tried(emulator)
    longer = row(trial, D, "firstname", "one longer")
    assert (longer["portal"], longer["forecast"], longer["rule_id"]) == ("refused", "refused", "field.too-long")
    assert longer["words"].startswith("0x80044331: ")
    assert longer["value"] == "x" * 51
    assert row(trial, D, "firstname", "longest")["portal"] == "accepted"
    assert row(trial, H, "email", "capitals")["read_back"] == "capitals@dynsynctrial0.example.com"
    assert not row(trial, H, "email", "capitals")["differs"]
    assert row(trial, H, "email", "no domain")["portal"] == "refused"
    assert row(trial, D, "new_newslettercount", "one beyond")["portal"] == "refused"
    assert row(trial, D, "new_newslettercount", "one beyond")["rule_id"] == "field.range"
    unknown = row(trial, H, "customer_tier", "unknown option")
    assert (unknown["portal"], unknown["forecast"], unknown["differs"]) == ("refused", "not_written", False)
    assert row(trial, D, "new_customertier", "empty")["portal"] == "accepted"
    lookup = next(own for own in trial.rows if own["field"] == "parentcustomerid")
    assert (lookup["portal"], lookup["forecast"]) == ("not_tried", None)
    assert trial.left == 0
    assert left_behind(emulator) == {}


def test_trial__removes_what_a_stopped_one_left_behind(emulator: Emulator) -> None:
    emulator.conditions.add_faults([Fault(status=400, path="*/batch/archive", times=50, portal="hubspot")])
    with pytest.raises(PortalError):
        tried(emulator)
    assert left_behind(emulator)["hubspot/contacts"]
    emulator.conditions.reset()
    assert tried(emulator).left == 0
    assert left_behind(emulator) == {}


def test_trial__writes_nothing_to_a_production_portal(emulator: Emulator) -> None:
    emulator.conditions.portals = PortalFacts(account_type="STANDARD")
    with pytest.raises(ProductionPortalError):
        tried(emulator)
    assert writes(emulator) == []
