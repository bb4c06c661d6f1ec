"""Counts of few people are told as that alone."""

from __future__ import annotations

import pytest

from dynsync_lib import kit
from dynsync_lib.forecasts.finding_records import RECORD_COLUMNS, FindingRecords
from dynsync_lib.kit.small_counts import counts_behind, findings_behind, suppress_small_uncovered
from tests.rulebook_texts import shipped_rulebook

FINDING = {
    "check_id": "G02",
    "severity": "high",
    "system": "dynamics",
    "object": "contact",
    "count": 1,
    "share": 0.01,
    "sentence": "1 Dynamics contact shares an address with an earlier contact and differs from it in mapped fields.",
}


def test_suppress_small__says_that_they_are_few() -> None:
    shown = kit.suppress_small(FINDING)
    assert (shown["count"], shown["share"], shown["severity"]) == (None, None, "high")
    assert shown["sentence"] == (
        "Fewer than 5 Dynamics contacts share an address with an earlier contact and differ from it in mapped fields."
    )


@pytest.mark.parametrize(("count", "object_"), [(5, "contact"), (0, None), (None, "lead"), (1, "company")])
def test_suppress_small__leaves_everything_else(count: int | None, object_: str | None) -> None:
    finding = {**FINDING, "count": count, "object": object_}
    assert kit.suppress_small(finding) == finding


def test_suppress_small__hides_few_in_the_parts_of_a_number() -> None:
    start = "6 HubSpot records fail because a text is longer than its Dynamics column."
    parts = " By column: contact.firstname (5 records), contact.jobtitle (1 record)."
    finding = {**FINDING, "check_id": "G25", "object": None, "count": 6, "sentence": start + parts}
    hidden = " By column: contact.firstname (5 records), contact.jobtitle (fewer than 5 records)."
    assert kit.suppress_small(finding) == {**finding, "sentence": start + hidden}
    single = "1 HubSpot record fails because a text is longer than its Dynamics column."
    few = {**finding, "count": 1, "sentence": single + parts}
    assert kit.suppress_small(few)["sentence"] == start.replace("6", "Fewer than 5") + hidden


def test_suppress_small__of_mappings_nobody_is_one() -> None:
    sentence = "1 mapping names a lookup, which cannot sync."
    finding = {**FINDING, "check_id": "G20", "system": None, "object": None, "sentence": sentence}
    assert kit.suppress_small(finding) == finding


def test_suppress_small__keeps_the_names_in_a_sentence() -> None:
    start = "2 owners are named whom no exported user is called, or several are: they were compared as blank"
    finding = {**FINDING, "check_id": "G67", "object": None, "count": 2, "sentence": f"{start} (contact.ownerid)."}
    assert kit.suppress_small(finding)["sentence"] == f"{start.replace('2', 'Fewer than 5')} (contact.ownerid)."


def test_counts_behind__by_kind_of_record() -> None:
    kinds = ["contact"] * 5 + ["lead"] * 2 + ["company"]
    columns: dict[str, list[str | None]] = {name: [None] * 8 for name in RECORD_COLUMNS}
    behind = FindingRecords({**columns, "system": ["dynamics"] * 8, "object": list(kinds)}, (), ())
    assert counts_behind(behind) == [
        {"system": "dynamics", "object": "company", "count": "1"},
        {"system": "dynamics", "object": "contact", "count": "5"},
        {"system": "dynamics", "object": "lead", "count": "5"},  # of one to four, as no total less the others tells
    ]


def test_findings_behind__are_rounded_where_their_parts_would_tell_few_people() -> None:
    check = next(check for check in shipped_rulebook().checks if check.id == "G47")
    sentence = check.sentence.partition("{names}")[0].replace("{count}", "7")
    finding = {**FINDING, "check_id": "G47", "object": None, "count": 7, "sentence": sentence}
    columns: dict[str, list[str | None]] = {name: [None] * 7 for name in RECORD_COLUMNS}
    columns |= {"system": ["hubspot"] * 7, "object": [*["company"] * 4, *["contact"] * 3]}
    behind = FindingRecords(columns, (finding,), ())
    assert [row["count"] for row in counts_behind(behind)] == ["4", "5"]
    (shown,) = findings_behind(behind)
    assert (shown["count"], shown["sentence"][:2]) == (5, "5 ")


def test_counts_behind__counts_a_record_of_several_rows_once() -> None:
    columns: dict[str, list[str | None]] = {name: [None] * 9 for name in RECORD_COLUMNS}
    ids: list[str | None] = ["d1", "d1", "d2", "d3", "d3", "d4", "d5", "d6", "d6"]
    columns |= {"system": ["dynamics"] * 9, "object": ["contact"] * 9, "record_id": ids}
    assert counts_behind(FindingRecords(columns, (), ())) == [{"system": "dynamics", "object": "contact", "count": "6"}]


def test_uncovered__a_kind_with_few_people_is_told_in_a_sentence() -> None:
    rows = (
        {"system": "dynamics", "object": "lead", "records": 3},
        {"system": "hubspot", "object": "deal", "records": 2},
    )
    shown = suppress_small_uncovered(kit.Uncovered(rows, ("More.",)))
    assert shown.objects == rows[1:]
    assert shown.tables == ("No sync covers fewer than 5 Dynamics leads: their sync is off.", "More.")
