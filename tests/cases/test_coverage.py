"""Every rule is shown by a case, or by a test that `elsewhere.toml` names; every knob is turned by a case."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable

import pytest

from tests.cases.case_world import FOLDER, Case, read_cases, share_worlds
from tests.rulebook_texts import shipped_rulebook

ROOT = FOLDER.parent.parent
CASES = read_cases()
ELSEWHERE: dict[str, str] = tomllib.loads((FOLDER / "elsewhere.toml").read_text(encoding="utf-8"))
_RULE = re.compile(r"\(([a-z]+\.[a-z-]+)\)$")


def rules_shown(cases: Iterable[Case]) -> set[str]:
    """The rule ids that the expectations of these cases name."""
    shown: set[str] = set()
    for case in cases:
        lines = [*case.told["expect"], *case.told.get("links", ())]
        shown |= {found[1] for line in lines if (found := _RULE.search(line))} | set(case.told.get("shows", ()))
    return shown


def test_every_implemented_rule_is_shown() -> None:
    implemented = {rule.id for rule in shipped_rulebook().rules.values() if rule.status == "implemented"}
    assert implemented - rules_shown(CASES) - set(ELSEWHERE) == set()


def test_cases_name_rules_that_are_implemented() -> None:
    named = rules_shown(CASES) | set(ELSEWHERE)
    assert {rule for rule in named if shipped_rulebook().rules[rule].status != "implemented"} == set()


@pytest.mark.parametrize("rule", ELSEWHERE)
def test_elsewhere__names_a_test_that_is_there(rule: str) -> None:
    path, _, test = ELSEWHERE[rule].partition(": ")
    assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8")
    assert rule not in rules_shown(CASES)


def test_every_choice_of_every_assumption_is_made() -> None:
    made = {(name, choice) for case in CASES for name, choice in case.told.get("assumptions", {}).items()}
    book = shipped_rulebook()
    wanted = {
        (knob.id, choice)
        for knob in book.assumptions.values()
        for choice in knob.built_choices
        if choice != knob.default
    }
    assert wanted - made == set()


def test_cases_are_numbered_once_and_say_their_source() -> None:
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids)) >= 230
    for case in CASES:
        assert re.fullmatch(r"[A-Z]\d\d", case.id)
        assert re.fullmatch(r"(\d\.(\d+|A)|[QF]\d+)(, (\d\.(\d+|A)|[QF]\d+))*", case.told["source"]), case.id
        assert case.told["says"].endswith("."), case.id


def test_share_worlds__keeps_cases_apart_that_share_a_key_or_differ_in_settings() -> None:
    one = {"id": "T01", "records": ["h1: email=a@x.example"], "expect": []}
    same = {**one, "id": "T02"}
    other = {**one, "id": "T03", "records": ["d1: emailaddress1=b@y.example"]}
    strict = {**other, "id": "T04", "assumptions": {"email_norm": "exact"}}
    worlds = share_worlds([Case(told) for told in (one, same, other, strict)])
    assert [[case.id for case in world] for world in worlds] == [["T01", "T03"], ["T02"], ["T04"]]
