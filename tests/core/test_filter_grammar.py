"""A filter's text: what is read, and what is said of text that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from dynsync_lib.core.fields.catalogue import build_catalogue
from dynsync_lib.core.filter_tree import (
    Comparison,
    Filter,
    Junction,
    Negation,
    Window,
    conditions_of,
    steps_of,
    write_tree,
)
from dynsync_lib.core.filters.expressions import check_filter
from dynsync_lib.core.filters.grammar import FilterTextError, parse_filter, read_filter
from dynsync_lib.core.model import Object, System
from tests.rulebook_texts import shipped_rulebook


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1", Comparison("a", "=", ("1",))),
        ("a != 'it''s'", Comparison("a", "!=", ("it's",))),
        ('a CONTAINS "b"', Comparison("a", "contains", ("b",))),
        ("a in ('x', \"y\", 3)", Comparison("a", "in", ("x", "y", "3"))),
        ("a NOT IN ('x')", Comparison("a", "not in", ("x",))),
        ("a is known", Comparison("a", "is known")),
        ("a IS UNKNOWN", Comparison("a", "is unknown")),
        ("a within last 30 days", Window("a", 30)),
        ("a = true", Comparison("a", "=", ("true",))),
        ("a >= 2026-01-01T00:00:00Z", Comparison("a", ">=", ("2026-01-01T00:00:00Z",))),
        ("not a < -5", Negation(Comparison("a", "<", ("-5",)))),
        (
            "a = 1 or b = 2 and c = 3",
            Junction(
                "or",
                (
                    Comparison("a", "=", ("1",)),
                    Junction("and", (Comparison("b", "=", ("2",)), Comparison("c", "=", ("3",)))),
                ),
            ),
        ),
        (
            "(a = 1 or b = 2) and c = 3",
            Junction(
                "and",
                (
                    Junction("or", (Comparison("a", "=", ("1",)), Comparison("b", "=", ("2",)))),
                    Comparison("c", "=", ("3",)),
                ),
            ),
        ),
    ],
)
def test_parse_filter(text: str, tree: Any) -> None:
    assert parse_filter(text) == tree
    assert parse_filter(write_tree(tree)) == tree


def test_steps__are_the_conditions_that_all_must_hold() -> None:
    joined = read_filter("a = 1 and (b = 'x' or not c in ('y', 2)) and not (d is known and e within last 3 days)")
    assert joined is not None
    assert [step.text for step in steps_of(joined)] == [
        "a = 1",
        "b = 'x' or not (c in ('y', 2))",
        "not (d is known and e within last 3 days)",
    ]
    either = read_filter("a = 1 or b = 2")
    assert either is not None
    assert [step.text for step in steps_of(either)] == ["a = 1 or b = 2"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it ends where a field belongs"),
        ("a", "it ends where a comparison belongs"),
        ("a =", "it ends where a value belongs"),
        ("a = b", "`b` stands where a value belongs; text values need quotes"),
        ("a like 'b'", "`like` stands where one of"),
        ("a 'x' 'y'", "`'x'` stands where one of"),
        ("'a' = 1", "`'a'` stands where a field's internal name belongs"),
        ("a = 1 b = 2", "it goes on with `b` where `and`, `or` or its end belongs"),
        ("(a = 1", "it ends where `)` belongs"),
        ("a in 'x'", "`'x'` stands where `(` belongs"),
        ("a within last x days", "`x` stands where a number of days from 0 to 36500 belongs"),
        ("a within last 99999 days", "`99999` stands where a number of days"),
        ("a within last 3 weeks", "`weeks` stands where `days` belongs"),
        ("a = §", "it cannot be read at `§`"),
    ],
)
def test_parse_filter__says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(FilterTextError) as caught:
        parse_filter(text)
    assert says in str(caught.value)


def test_fields_and_conditions_of__walk_the_whole_tree() -> None:
    tree = parse_filter("not (a = 1 and b within last 2 days) or c is known")
    assert Filter("", tree).fields == ("a", "b", "c")
    assert [type(one) for one in conditions_of(tree)] == [Comparison, Window, Comparison]


def faults(text: str, system: System = System.HUBSPOT) -> list[str]:
    properties = [
        {"object": "contact", "name": "score", "type": "number"},
        {"object": "contact", "name": "seen", "type": "datetime"},
        {"object": "contact", "name": "agreed", "type": "bool"},
        {"object": "contact", "name": "tier", "type": "enumeration", "options": '[{"value": "g", "label": "Gold"}]'},
        {"object": "contact", "name": "city", "type": "string"},
        {
            "object": "contact",
            "name": "topics",
            "type": "enumeration",
            "field_type": "checkbox",
            "options": '[{"value": "a", "label": "Art"}, {"value": "s", "label": "Sport"}]',
        },
    ]
    catalogue = build_catalogue(properties, [])
    rulebook = shipped_rulebook()
    return check_filter(text, system=system, object_=Object.CONTACT, catalogue=catalogue, rulebook=rulebook)[1]


@pytest.mark.parametrize(
    "text",
    [
        "score > 1.5 and seen >= 2026-01-01 and agreed = true",
        "tier = 'gold' or tier = 'G'",
        "topics in ('art', 'S')",
        "tier contains 'x' and city = 'Ulm' and score is known",
    ],
)
def test_check_filter__nothing_to_say(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("scoer > 1", ["The filter asks `scoer`, which is no contact property of hubspot. Did you mean `score`?"]),
        ("score > 'high'", ["`high` is compared with `score`, which holds a number."]),
        ("seen < 'soon'", ["`soon` is compared with `seen`, which holds a date."]),
        ("agreed = 'maybe'", ["`maybe` is compared with `agreed`, which holds true or false."]),
        ("tier in ('Gold', 'Golf')", ["`Golf` is no option of `tier`. Did you mean `Gold`?"]),
        ("topics = 'a;s'", ["`a;s` is no option of `topics`."]),
        ("topics = 'Arts'", ["`Arts` is no option of `topics`. Did you mean `Art`?"]),
        ("SCORE > 1", ["The filter asks `SCORE`, which is no contact property of hubspot. Did you mean `score`?"]),
        ("city_of_birth = 'x'", ["The filter asks `city_of_birth`, which is no contact property of hubspot."]),
        ("score within last 3 days", ["`within last` asks for a date, and `score` holds numbers."]),
        ("tier within last 3 days", ["`within last` asks for a date, and `tier` holds a choice."]),
        ("agreed >= true", ["`>=` asks which comes first, and `agreed` holds yes or no."]),
        ("score >", ["The filter cannot be used: it ends where a value belongs."]),
    ],
)
def test_check_filter__one_sentence_each(text: str, says: list[str]) -> None:
    assert faults(text) == says


def test_check_filter__without_a_catalogue_reads_the_grammar_only() -> None:
    filter_, said = check_filter(
        "anything = 1", system=System.HUBSPOT, object_=Object.CONTACT, catalogue=None, rulebook=shipped_rulebook()
    )
    assert said == []
    assert filter_ == Filter("anything = 1", Comparison("anything", "=", ("1",)))


def test_read_filter__a_blank_text_is_none() -> None:
    assert read_filter(" \n") is None


def test_filter__names_each_field_once() -> None:
    asked = read_filter("b = 1 or a = 2 or b = 3")
    assert asked is not None
    assert asked.fields == ("b", "a")
