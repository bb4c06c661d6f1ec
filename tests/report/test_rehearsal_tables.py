"""The steps of a rehearsal as tables: counts, and what was refused, left out or not checked, said in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from dynsync_lib.report.rehearsal_tables import (
    lacking_table,
    not_shown_table,
    plan_table,
    removal_proof,
    removal_table,
    seeded_table,
    settings_table,
    written_table,
)
from dynsync_lib.report.sample_items import say_item
from tests.report.test_receipt import rows_of


@dataclass(frozen=True)
class Plan:
    """A plan by its `rehearsal.json`."""

    info: Mapping[str, Any]


@dataclass(frozen=True)
class Stands:
    """What stands in the portals."""

    ids: Mapping[str, Mapping[str, str]]
    associations: int = 0
    refused: Sequence[Mapping[str, str]] = ()
    left_out: Mapping[tuple[str, str, str], int] = field(default_factory=Counter)
    unchecked: Sequence[str] = ()
    is_in_order: bool = True


@dataclass(frozen=True)
class Wrote:
    """What the sync wrote."""

    created: Mapping[str, int]
    updated: Mapping[str, int]
    associated: int
    refused: Mapping[str, int]


@dataclass(frozen=True)
class Goes:
    """What a clean-up removes."""

    count: int
    others: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def counts(self) -> Sequence[Mapping[str, Any]]:
        row = {"system": "dynamics", "object": "company", "look_alikes": self.count - 1, "made_by_sync": 1}
        return [row] if self.count else []


@dataclass(frozen=True)
class Went:
    """What a clean-up removed."""

    removal: Goes
    changed_since_seeding: Sequence[str] | None
    not_checked: str = ""


def test_plan_table__counts_what_would_be_written() -> None:
    writes = {"records": 70, "associations": 20, "requests": 5, "created_by_sync": 31}
    piece = plan_table(Plan({"covered": [1, 2, 3], "not_covered": [4], "writes": {"hubspot": writes}}))
    assert repr(piece) == "3 of 4 things that the forecast says are shown"
    assert rows_of(str(piece.html)) == [["HubSpot", "70", "20", "5", "31"]]


def test_plan_tables__say_that_nothing_is_missing() -> None:
    plan = Plan({"not_covered": [], "lacking": []})
    assert "The rehearsal shows all that the forecast says." in str(not_shown_table(plan).html)
    assert "Fresh portals have all that is needed." in str(lacking_table(plan).html)


def test_plan_tables__name_what_is_not_shown_and_what_is_lacking() -> None:
    lack = {"system": "hubspot", "words": "no property tier on contact", "how": "HubSpot: Settings > Properties"}
    left = {"id": "of another version", "words": "a score", "why": "a portal works it out"}
    plan = Plan({"not_covered": [left], "lacking": [lack]})
    assert rows_of(str(not_shown_table(plan).html)) == [["a score", "a portal works it out"]]
    shown = rows_of(str(lacking_table(plan).html))
    assert shown == [["HubSpot", "no property tier on contact", "HubSpot: Settings &gt; Properties"]]


@pytest.mark.parametrize(
    ("id_", "says", "names"),
    [
        (
            "outcome/dynamics/lead/excluded/filter/record.filter",
            "Dynamics leads: excluded: does not pass the filter of the sync",
            "record.filter",
        ),
        (
            "question/hubspot/contact/shadowed/-/contact.first-per-email/email_norm",
            "HubSpot contacts: shadowed; another answer to an open question would change it",
            "email_norm",
        ),
        (
            "change/company/dynamics/address1_line1/fill/-",
            "Accounts: an empty field is filled in Dynamics",
            "address1_line1",
        ),
        (
            "change/contact/hubspot/jobtitle/overwrite/several_writers",
            "Contacts: a value is overwritten in HubSpot, where several records write the field",
            "jobtitle",
        ),
        (
            "link/dynamics/deal/company/synced/link.both-synced",
            "Associations of Dynamics opportunities to accounts: kept",
            "link.both-synced",
        ),
        ("collision/hubspot/contact/later", "HubSpot contacts: the later of several with one key", ""),
    ],
)
def test_say_item__has_words_of_readers(id_: str, says: str, names: str) -> None:
    lines = say_item(id_, "raw words")
    assert (lines.first, lines.second) == (says, names)


@dataclass(frozen=True)
class ToMake:
    """A setting to make."""

    where: str
    setting: str
    value: str


def test_settings_table__one_row_a_page() -> None:
    settings = [
        ToMake("Companies", "Sync", "on"),
        ToMake("Companies", "Direction", "both ways"),
        ToMake("Save", "S", "on"),
    ]
    assert repr(settings_table(settings)) == "3 settings to make"
    assert rows_of(str(settings_table(settings).html)) == [
        ["Companies", "Sync: on Direction: both ways"],
        ["Save", "S: on"],
    ]


def test_seeded_table__says_all_that_is_not_as_planned() -> None:
    stands = Stands(
        {"hubspot/contacts": {"1": "101", "2": "102"}, "dynamics/leads": {}},
        1,
        [{"system": "hubspot", "object": "contact", "look_alike_id": "3", "code": "CONFLICT"}],
        Counter({("dynamics/contacts", "ownerid", "nobody has that address"): 2}),
        ["dynamics"],
        is_in_order=False,
    )
    piece = seeded_table(stands)
    assert repr(piece) == "2 look-alikes stand in the test portals, with 1 association"
    html = str(piece.html)
    assert rows_of(html) == [["HubSpot", "contacts", "2"]]
    assert "Refused: 1 look-alike (CONFLICT)." in html
    assert "Left out: dynamics/contacts.ownerid of 2: nobody has that address." in html
    assert "Not checked: what the caller may write in Dynamics." in html
    assert "HubSpot gave ids in another order than planned" in html


def test_written_table__counts_by_system_and_object() -> None:
    wrote = Wrote({"hubspot company": 2}, {"hubspot company": 1, "dynamics deal": 3}, 4, {"OBJECT_NOT_FOUND": 1})
    piece = written_table(wrote)
    assert repr(piece) == "2 records created, 4 changed, 4 associations made"
    assert rows_of(str(piece.html)) == [["Dynamics opportunities", "0", "3"], ["HubSpot companies", "2", "1"]]
    assert "Refused: 1 OBJECT_NOT_FOUND." in str(piece.html)


def test_removal_table__shows_what_goes() -> None:
    assert rows_of(str(removal_table(Goes(3)).html)) == [["Dynamics accounts", "2", "1"]]
    assert "hold nothing of this rehearsal" in str(removal_table(Goes(0)).html)


def test_removal_proof__says_what_is_proved_and_what_nobody_noted() -> None:
    others = {"hubspot/contacts": {"rows": 5}}
    proved = "3 records are removed. All 5 other records are as they were before."
    assert repr(removal_proof(Went(Goes(3, others), []))).startswith(proved)
    changed = repr(removal_proof(Went(Goes(1, others), ["hubspot/contacts"])))
    assert changed.endswith("Since the seeding somebody, or the sync, changed other records: HubSpot contacts.")
    assert repr(removal_proof(Went(Goes(1), None, "Not checked: this."))).endswith(" Not checked: this.")
