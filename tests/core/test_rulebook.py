"""The rulebook: what ships is whole, and faults are refused."""

from __future__ import annotations

import re

import pytest

from dynsync_lib.core.audit.findings import MARKETING_MEASURES, MEASURES
from dynsync_lib.core.model import Direction, Object, Verdict
from dynsync_lib.core.rulebook import CONFIDENCES
from dynsync_lib.core.rulebook_reading import read_rulebook
from dynsync_lib.errors import RulebookError
from tests.rulebook_texts import shipped_rulebook, shipped_texts


def test_read_rulebook__every_shipped_rule_has_a_source_that_exists() -> None:
    book = shipped_rulebook()
    assert len(book.rules) >= 60
    for rule in book.rules.values():
        assert rule.sources
        assert set(rule.sources) <= set(book.sources)
        assert rule.confidence in CONFIDENCES
        assert rule.says.endswith(".")


def test_read_rulebook__has_every_knob_of_the_research() -> None:
    questions = {knob.research for knob in shipped_rulebook().assumptions.values()}
    assert questions == {f"Q{number}" for number in range(1, 34)} - {"Q12", "Q27"}


def test_read_rulebook__has_every_numbered_statement_of_the_research() -> None:
    counts = {section.number: len(section.statements) for section in shipped_rulebook().research}
    assert counts == {"1": 12, "2": 45, "3": 15, "4": 13, "5": 26, "6": 14, "7": 9, "8": 8, "9": 20, "F": 15}


def test_read_rulebook__asks_every_audit_rule_or_says_why_not() -> None:
    book = shipped_rulebook()
    asked, unasked = {check.id for check in book.checks}, [one.id for one in book.unasked_checks]
    assert asked | set(unasked) == {f"G{number:02d}" for number in range(1, 69)}
    assert not asked & set(unasked)
    assert unasked == sorted(unasked)
    assert all(one.says.endswith(".") and one.why.endswith(".") for one in book.unasked_checks)


def test_every_measure_is_asked_for_by_a_check_and_is_there() -> None:
    asked = {check.measure for check in shipped_rulebook().checks if check.measure is not None}
    assert asked == set(MEASURES) | set(MARKETING_MEASURES)


def test_checks_of_one_kind_of_record__take_their_share_of_these_records() -> None:
    """105 invoices are 70 % of 150 invoices, and no share of all associations of their system."""
    assert [check.id for check in shipped_rulebook().checks if check.of == "links" and check.object is not None] == []


@pytest.mark.parametrize("statement", [one for section in shipped_rulebook().research for one in section.statements])
def test_rules_about__names_a_rule_or_why_there_is_none(statement: str) -> None:
    rules = shipped_rulebook().rules_about(statement)
    assert rules, f"no rule of behaviour.toml names {statement}"
    assert all(rule.status == "implemented" or rule.why for rule in rules)


@pytest.mark.parametrize(
    ("hubspot", "dynamics", "allowed", "verdict"),
    [
        ("text", "text", Direction.TWO_WAY, Verdict.OK),
        ("date", "datetime", Direction.TWO_WAY, Verdict.LOSSY),
        ("text", "number", Direction.TO_HUBSPOT, Verdict.ONE_WAY),
        ("several_choices", "text", Direction.TO_DYNAMICS, Verdict.ONE_WAY),
        ("several_choices", "several_choices", None, Verdict.BLOCKED),
        ("text", "lookup", None, Verdict.BLOCKED),
        ("choice", "text", None, Verdict.BLOCKED),
        ("owner", "owner", Direction.TWO_WAY, Verdict.OK),
        ("text", "owner", None, Verdict.BLOCKED),
        ("owner", "text", None, Verdict.BLOCKED),
        ("owner", "lookup", None, Verdict.BLOCKED),
        (None, "text", None, Verdict.BLOCKED),
    ],
)
def test_type_verdict(hubspot: str | None, dynamics: str, allowed: Direction | None, verdict: Verdict) -> None:
    book = shipped_rulebook()
    found = book.type_verdict(hubspot, dynamics, book.default_assumptions())
    assert (found.allowed, found.verdict) == (allowed, verdict)


@pytest.mark.parametrize(
    ("hubspot", "dynamics", "knob", "choice", "allowed"),
    [
        ("several_choices", "several_choices", "multiselect", "true", Direction.TWO_WAY),
        ("owner", "owner", "owner_mode", "text_only", None),
        ("text", "owner", "owner_mode", "text_only", Direction.TO_HUBSPOT),
    ],
)
def test_type_verdict__hangs_on_assumptions(
    hubspot: str, dynamics: str, knob: str, choice: str, allowed: Direction | None
) -> None:
    book = shipped_rulebook()
    found = book.type_verdict(hubspot, dynamics, {**book.default_assumptions(), knob: choice})
    assert found.allowed is allowed


def test_default_mappings__begin_with_the_key() -> None:
    mappings = shipped_rulebook().default_mappings
    assert [(one.hubspot, one.dynamics) for one in mappings[Object.CONTACT]][:2] == [
        ("email", "emailaddress1"),
        ("firstname", "firstname"),
    ]
    assert mappings[Object.COMPANY][0].hubspot == "name"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("behaviour.toml", 'sources = ["SEED", "P1"]', "sources = []", "record.create has no source."),
        ("behaviour.toml", 'sources = ["SEED", "P1"]', 'sources = ["X9"]', "names the unknown source X9."),
        ("behaviour.toml", 'confidence = "seed"', 'confidence = "sure"', "has the unknown confidence 'sure'."),
        ("behaviour.toml", 'assumption = "email_norm"', 'assumption = "x"', "names the unknown assumption x."),
        ("behaviour.toml", 'research = ["3.1"]', 'research = ["3.99"]', "rests on the unknown statement 3.99."),
        ("assumptions.toml", 'default = "api_order"', 'default = "x"', "has the unknown default 'x'."),
        ("field_types.toml", 'multiselect = "true"', 'multiselect = "x"', "the unknown choice multiselect = x."),
        ("field_types.toml", "field.same-kind", "field.nonsense", "The unknown rule field.nonsense is used."),
        ("behaviour.toml", "[[rule]]", "[[rule", "The rule file behaviour.toml is no TOML"),
    ],
)
def test_read_rulebook__refuses_faults(file: str, old: str, new: str, says: str) -> None:
    texts = shipped_texts()
    texts[file] = texts[file].replace(old, new)
    with pytest.raises(RulebookError, match=re.escape(says)):
        read_rulebook(texts)


def test_read_rulebook__refuses_a_missing_file() -> None:
    texts = shipped_texts()
    del texts["sources.toml"]
    with pytest.raises(RulebookError, match=r"sources\.toml is missing"):
        read_rulebook(texts)


def test_version__moves_with_any_file() -> None:
    texts = shipped_texts()
    texts["limits.toml"] += "\n# a word more\n"
    assert read_rulebook(texts).version != shipped_rulebook().version
