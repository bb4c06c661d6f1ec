"""The planted cases: numbered, told in sentences, and alone with their keys."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from dynsync_lib.core.model import LinkStatus, Outcome, Reason
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.emulator.world.demo_world import World, build_world
from dynsync_lib.emulator.world.planted_cases import count_planted, written_cases
from dynsync_lib.emulator.world.truth import read_truth, truth_text


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(scale=0.2)


def test_written_cases__are_numbered_without_a_gap() -> None:
    ids = [case["id"] for case in written_cases()]
    assert ids == [f"P{number:02}" for number in range(1, len(ids) + 1)]
    assert len(ids) == 158


def test_written_cases__every_case_has_a_title_of_its_own_a_sentence_and_a_source() -> None:
    for case in written_cases():
        assert re.fullmatch(r"[A-Z\"'].+[^.]", case["title"]), case["id"]
        assert re.fullmatch(r"[A-Z0-9].+\.", case["says"], re.DOTALL), case["id"]
        assert re.fullmatch(
            r"(SEED|design \d+|G\d\d|Q\d+|\d\d?\.(\d+|A))(, (SEED|G\d\d|Q\d+|\d\d?\.(\d+|A)))*", case["source"]
        ), case["id"]


def test_written_cases__keys_nobody_knows_are_refused() -> None:
    known = {"id", "title", "says", "source", "associations", "changes", "near_names", "records"}
    fields = {"table", "values", "outcome", "winner", "counterpart"}
    for case in written_cases():
        assert set(case) <= known, case["id"]
        for record in case["records"].values():
            assert set(record) <= fields, case["id"]


def test_written_cases__every_row_belongs_to_a_record_of_the_case() -> None:
    for case in written_cases():
        names = set(case["records"])
        for row in (*case.get("changes", ()), *case.get("near_names", ())):
            assert set(row["pair"]) <= names, case["id"]
        for row in case.get("associations", ()):
            assert {row["from"], row["to"]} <= names, case["id"]
        for record in case["records"].values():
            assert {record[role] for role in ("winner", "counterpart") if role in record} <= names, case["id"]


def test_count_planted__counts_every_record() -> None:
    counted = count_planted()
    assert counted.total() == sum(len(case["records"]) for case in written_cases())
    assert counted["hubspot/invoices"] == 1


def test_plant_case__speaks_the_vocabulary(world: World) -> None:
    for case in world.truth:
        assert {expected.outcome for expected in case.records} <= set(Outcome)
        assert {expected.reason for expected in case.records} <= {None, *Reason}
        assert {expected.status for expected in case.links} <= set(LinkStatus)


def test_plant_case__only_what_has_a_partner_is_updated_or_linked(world: World) -> None:
    for case in world.truth:
        partners = {expected.record_id: expected.counterpart_id for expected in case.records}
        created = {expected.record_id for expected in case.records if expected.outcome == "create"}
        for expected in case.records:
            joins_a_new_contact = (
                expected.object == "lead" and expected.outcome == "link" and expected.counterpart_id is None
            )
            if expected.outcome in ("update", "link") and not joins_a_new_contact:
                partner = str(expected.counterpart_id)
                shares_its_partner = expected.object == "lead" and partners[partner] in partners
                is_created_beside = expected.object == "lead" and partner in created  # semantics.md, 5.8, line 1a
                assert partners[partner] == expected.record_id or shares_its_partner or is_created_beside, case.id
            assert (expected.winner_id is not None) == (expected.outcome == "shadowed" or joins_a_new_contact), case.id
            assert (expected.reason is not None) == (expected.outcome in ("excluded", "failing")), case.id


def test_plant_case__keys_belong_to_one_case(world: World) -> None:
    """An address of a planted record ends in the case's domain, a name in its number; nobody else has them."""
    planted = {
        (expected.system, expected.object, expected.record_id): case.id
        for case in world.truth
        for expected in case.records
    }
    for name, table in RECORD_TABLES.items():
        for row in world.tables[name]:
            owner = planted.get((table.system.value, str(table.object), str(row[table.id_field])))
            for number in numbers_of(row):
                assert owner == number or table.object is None, (name, row[table.id_field])


def numbers_of(row: dict[str, Any]) -> set[str]:
    """The case numbers in the match keys of a row."""
    keys = [row.get(column) or "" for column in ("email", "emailaddress1", "hs_additional_emails", "name", "domain")]
    return {number.upper() for key in keys for number in re.findall(r"\b(p\d{2,3})\b", key, re.IGNORECASE)}


def test_plant_case__every_outcome_and_most_reasons_occur(world: World) -> None:
    outcomes = Counter(expected.outcome for case in world.truth for expected in case.records)
    reasons = {expected.reason for case in world.truth for expected in case.records}
    assert set(outcomes) == set(Outcome)
    assert reasons == {
        None,
        "filter",
        "no_email",
        "no_match_key",
        "stage_unmapped",
        "direction",
        "invalid_email",
        "too_long",
        "range",
        "inactive_readonly",
    }


def test_plant_case__every_link_status_that_the_rules_give_occurs(world: World) -> None:
    statuses = {expected.status for case in world.truth for expected in case.links}
    assert statuses == {"synced", "dropped_non_primary", "parent_is_contact", "target_not_synced", "manual"}


def test_truth_text__can_be_read_again(world: World) -> None:
    assert read_truth(truth_text(world.truth)) == world.truth
