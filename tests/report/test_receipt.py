"""Receipts: of each predicted outcome what came true, what did not, and what nobody can tell."""

import re
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

from dynsync_lib.report.receipt import (
    cause_table,
    drift_table,
    missed_table,
    receipt_bars,
    say_accuracy,
    watch_table,
)

FIGURES: dict[str, Any] = {
    "records": 12,
    "hits": 8,
    "misses": 2,
    "accuracy": 0.8,
    "by_outcome": {"create": {"predicted": 7, "hits": 5}, "update": {"predicted": 5, "hits": 3}},
    "misses_by_outcome": {"create": 2},
    "by_cause": {"as_predicted": 8, "rule_in_doubt": 1, "assumption_in_doubt": 1, "changed_by_people": 2},
    "missed": [
        {
            "system": "hubspot",
            "object": "deal",
            "record_id": "7",
            "predicted": "create",
            "actual": "untouched",
            "rule_id": "deal.created",
            "assumptions": [],
        },
        {
            "system": "dynamics",
            "object": "company",
            "record_id": "a-1",
            "predicted": "create",
            "actual": "gone",
            "rule_id": "company.first-record",
            "assumptions": ["company_dup", "name_norm"],
        },
    ],
    "missed_left_out": 0,
    "mappings": 12,
    "mappings_not_compared": [],
    "nothing_changed": False,
    "drift": {"hubspot/contacts": 4, "dynamics/accounts": 1},
}


@dataclass(frozen=True)
class Made:
    """A receipt by its figures."""

    figures: dict[str, Any] = field(default_factory=lambda: FIGURES)


EMPTY = Made(
    {
        "records": 0,
        "hits": 0,
        "misses": 0,
        "accuracy": None,
        "missed": [],
        "by_outcome": {},
        "misses_by_outcome": {},
        "by_cause": {},
        "drift": {},
    }
)


def rows_of(html: str) -> list[list[str]]:
    """The cells of a table's body."""
    body = html[html.index("<tbody>") : html.index("</tbody>")]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_say_accuracy__counts_hits_and_misses_alone() -> None:
    assert say_accuracy(FIGURES) == "8 of 10 predictions held (80 %). Beside these 2 changed by people meanwhile."


def test_say_accuracy__all_but_one_are_not_all() -> None:
    many = {**FIGURES, "hits": 10_000, "misses": 1, "accuracy": 10_000 / 10_001, "by_cause": {}}
    assert say_accuracy(many, "in a rehearsal") == "10,000 of 10,001 predictions held (99.9 %), tested in a rehearsal."


def test_say_accuracy__nothing_to_judge_is_no_accuracy() -> None:
    none = {**FIGURES, "hits": 0, "misses": 0, "accuracy": None}
    assert say_accuracy(none) == "Of no prediction can anybody tell whether it held."


def test_receipt_bars__part_each_outcome() -> None:
    html = str(receipt_bars(Made()).html)
    assert rows_of(html) == [["Created", "7", "5", "2", "0"], ["Matched, changed", "5", "3", "0", "2"]]
    assert "Created: 5 as predicted, 2 not as predicted, 0 cannot be judged" in html


def test_receipt_bars__nothing_predicted_is_a_sentence() -> None:
    assert repr(receipt_bars(EMPTY)) == "How right the forecast was"


def test_cause_table__names_causes_that_occur_in_their_order() -> None:
    rows = rows_of(str(cause_table(Made()).html))
    assert [row[0] for row in rows] == ["As predicted", "A rule in doubt", "An open question", "Changed by people"]
    assert [row[-1] for row in rows] == ["8", "1", "1", "2"]


def test_missed_table__names_record_finding_rule_and_questions() -> None:
    in_doubt = "company.first-record, company_dup, name_norm"
    assert rows_of(str(missed_table(Made()).html)) == [
        ["HubSpot deals", "7", "Created", "nothing happened", "deal.created"],
        ["Dynamics accounts", "a-1", "Created", "the record is gone", in_doubt],
    ]


def test_missed_table__says_how_many_there_are() -> None:
    many = Made({**FIGURES, "misses": 20_000})
    assert repr(missed_table(many)) == "20,000 predictions that did not hold"
    assert "The first 2 are shown; the receipt names all." in str(missed_table(many).html)


@pytest.mark.parametrize(
    ("show", "says"),
    [
        (missed_table, "Every prediction that can be judged held."),
        (cause_table, "There are none."),
        (drift_table, "No record is new."),
    ],
)
def test_tables__say_what_an_empty_receipt_means(show: Any, says: str) -> None:
    assert says in str(show(EMPTY).html)


def test_drift_table__counts_new_records() -> None:
    assert repr(drift_table(Made())) == "5 records are new"
    assert rows_of(str(drift_table(Made()).html)) == [["HubSpot", "contacts", "4"], ["Dynamics", "accounts", "1"]]


@dataclass(frozen=True)
class Kept:
    """A receipt by its first 48 hours."""

    watch_list: pd.DataFrame


def test_watch_table__names_list_reason_and_what_to_look_at() -> None:
    causes = {"as_predicted": 2, "rule_in_doubt": 1, "assumption_in_doubt": 1, "changed_by_people": 1, "not_settled": 2}
    counts = {"records": 7, **causes}
    row = {"system": "dynamics", "object": "company", **counts}
    frame = pd.DataFrame(
        [
            {**row, "health": "in_sync", "predicted": "create", "predicted_reason": None, "look_at": "Each is there."},
            {
                **row,
                "health": "excluded",
                "predicted": "excluded",
                "predicted_reason": "filter",
                "look_at": "None came.",
            },
            {**row, "health": "excluded", "predicted": "shadowed", "predicted_reason": None, "look_at": "Not listed."},
        ]
    )
    assert rows_of(str(watch_table(Kept(frame)).html)) == [
        ["In sync", "Created Dynamics accounts", "7", "2", "2", "3", "Each is there."],
        [
            *("Excluded", "Excluded: does not pass the filter of the sync Dynamics accounts"),
            *("7", "2", "2", "3", "None came."),
        ],
        ["In no list", "Shadowed Dynamics accounts", "7", "2", "2", "3", "Not listed."],
    ]
