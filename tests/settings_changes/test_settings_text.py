"""Settings files that are changed in place: what they say changes, and nothing else of them does."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib.core.fields.catalogue import build_catalogue
from dynsync_lib.core.model import Direction, Object
from dynsync_lib.errors import SettingsError, UsageError
from dynsync_lib.kit.settings_templates import SETTINGS_EXAMPLES, settings_template
from dynsync_lib.settings_changes.changes import (
    Change,
    RemoveMapping,
    SetAnswer,
    SetAssumption,
    SetMapping,
    SetSync,
    changed_document,
)
from dynsync_lib.settings_changes.settings_text import change_settings_text
from tests.rulebook_texts import shipped_rulebook

CONTACT, LEAD, INVOICE = Object.CONTACT, Object.LEAD, Object.INVOICE
TEXT = """\
# Company A
[sync.contact]
direction = "two_way"  # agreed with Sales
# the phone is theirs

[[sync.contact.mapping]]
hubspot = "phone"
dynamics = "telephone2"  # their direct line

# --- leads
[sync.lead]
enabled = false
"""


def changed(text: str, *changes: Change) -> str:
    return change_settings_text(text, changes, rulebook=shipped_rulebook())


def test_answers__new_ones_of_the_last_section_stand_before_a_new_section() -> None:
    text = "[answers]\nplanned_merges = 2  # in May\n"
    changes = SetAnswer("hubspot", "plan", "starter"), SetAnswer("answers", "other_connectors", 0)
    after = f'{text}other_connectors = 0\n\n[hubspot]\nplan = "starter"\n'
    assert changed(text, *changes) == changed(text, *reversed(changes)) == after


@pytest.mark.parametrize(
    ("kind", "words", "says"),
    [
        (SetSync, ("contat", "direction", "two_way"), "`contat` is no object."),
        (RemoveMapping, ("contat", "a", "b"), "`contat` is no object."),
        (SetMapping, ("contact", "a", "b", "both"), "`both` is no direction."),
    ],
)
def test_changes__are_written_with_words_that_there_are(kind: Any, words: tuple[str, ...], says: str) -> None:
    assert kind("contact", *words[1:3]).object is Object.CONTACT
    with pytest.raises(UsageError, match=re.escape(says)):
        kind(*words)


def test_change_settings_text__keeps_comments_beside_values_and_between_sections() -> None:
    after = changed(
        TEXT,
        SetSync(CONTACT, "direction", "to_hubspot"),
        SetSync(CONTACT, "conflict_winner", "hubspot"),
        SetMapping(CONTACT, "phone", "telephone2", Direction.TO_HUBSPOT),
        SetMapping(CONTACT, "jobtitle", "jobtitle", options={"x y": '"1"'}),
        SetSync(LEAD, "enabled", True),
        SetAssumption("company_dup", "all_bind"),
    )
    assert after == (
        """\
# Company A
[sync.contact]
direction = "to_hubspot"  # agreed with Sales
# the phone is theirs
conflict_winner = "hubspot"

[[sync.contact.mapping]]
hubspot = "phone"
dynamics = "telephone2"  # their direct line
direction = "to_hubspot"

[[sync.contact.mapping]]
hubspot = "jobtitle"
dynamics = "jobtitle"
direction = "two_way"
options = {"x y" = "\\"1\\""}

# --- leads
[sync.lead]
enabled = true

[assumptions]
company_dup = "all_bind"
"""
    )


def test_change_settings_text__takes_a_mapping_away_and_what_is_said_of_the_next_section_stays() -> None:
    after = changed(TEXT, RemoveMapping(CONTACT, "phone", "telephone2"))
    assert after == TEXT.replace('[[sync.contact.mapping]]\nhubspot = "phone"\ndynamics = "telephone2"', "").replace(
        "  # their direct line\n\n", ""
    )
    assert after.count("# --- leads") == 1


@pytest.mark.parametrize("example", [None, *SETTINGS_EXAMPLES])
def test_change_settings_text__there_and_back_leaves_every_byte(example: str | None) -> None:
    text = settings_template(example)
    there = changed(text, SetMapping(CONTACT, "a", "b"), SetSync(CONTACT, "enabled", False))
    before = tomllib.loads(text)["sync"]["contact"].get("enabled")
    assert there != text
    assert changed(there, RemoveMapping(CONTACT, "a", "b"), SetSync(CONTACT, "enabled", before)) == text
    assert changed(text, SetSync(CONTACT, "enabled", before), SetAssumption("a", None)) == text


def test_change_settings_text__a_default_mapping_that_goes_leaves_the_others_as_own_ones() -> None:
    after = tomllib.loads(changed("[sync.invoice]\n", RemoveMapping(CONTACT, "city", "address1_city")))
    contact = after["sync"]["contact"]
    assert contact["default_mappings"] is False
    assert contact["enabled"] is False  # an object without a section was off
    defaults = shipped_rulebook().default_mappings[CONTACT]
    assert [row["hubspot"] for row in contact["mapping"]] == [row.hubspot for row in defaults if row.hubspot != "city"]


def test_change_settings_text__a_default_mapping_that_changes_becomes_an_own_one() -> None:
    after = tomllib.loads(
        changed("[sync.contact]\n", SetMapping(CONTACT, "city", "address1_city", Direction.TO_HUBSPOT))
    )
    assert after["sync"]["contact"] == {
        "mapping": [{"hubspot": "city", "dynamics": "address1_city", "direction": "to_hubspot"}]
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[hubspot]\nplan = "free"',
        "[sync]\ncontact = {enabled = true} # k\n",
        'sync.contact.enabled = true # k\n[hubspot]\nplan="free"\n',
        '[sync.contact]\nmapping = [{hubspot="a",dynamics="b"}, # c\n {hubspot="c",dynamics="d"}] # z\n',
        '[[sync.contact.mapping]]\nhubspot="a"\ndynamics="b"\n[sync.contact.mapping.options]\na="1"\n# L\n[sync.lead]',
        "[sync.contact]\r\nenabled = true\r\n\r\n# L\r\n[sync.lead]\r\nenabled = false\r\n",
        "[sync.contact]\nfilter_to_hubspot = '''\n[sync.lead]\n\nname is known'''\n[hubspot]\n",
        '[sync.contact]\n[hubspot]\nplan = "free"\n[[sync.contact.mapping]]\nhubspot = "a"\ndynamics = "b"\n',
    ],
)
def test_change_settings_text__other_ways_to_write_it_say_what_they_should(text: str) -> None:
    text = text.replace("\n[sync.lead]\n\nname is known", "name is known\n\n\n")  # a filter over several lines
    changes = (
        SetMapping(CONTACT, "c", "d", Direction.TO_HUBSPOT, {"1": "2"}),
        SetMapping(CONTACT, "e", "f"),
        SetSync(CONTACT, "direction", "to_dynamics"),
        SetSync(INVOICE, "conflict_winner", "hubspot"),
    )
    after = changed(text, *changes)
    assert tomllib.loads(after) == changed_document(tomllib.loads(text), changes, shipped_rulebook())
    assert _comments(text) - _comments(after) == Counter()
    assert ("\r\n" in text) == ("\r\n" in after)
    assert after.count("\n") == after.count("\r\n") or "\r\n" not in text


def _comments(text: str) -> Counter[str]:
    return Counter(line.split("#")[1].strip() for line in text.splitlines() if "#" in line and "# c" not in line)


NAMES = st.sampled_from(["a", "b", "c"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
OBJECTS = st.sampled_from([CONTACT, LEAD])
CHANGES = st.lists(
    st.one_of(
        st.builds(SetMapping, OBJECTS, NAMES, NAMES, st.sampled_from([None, *Direction])),
        st.builds(SetMapping, OBJECTS, NAMES, NAMES, st.none(), st.dictionaries(TEXTS, TEXTS, max_size=2)),
        st.builds(RemoveMapping, OBJECTS, NAMES, NAMES),
        st.builds(SetSync, OBJECTS, st.sampled_from(["direction", "conflict_winner"]), st.sampled_from([None, "x"])),
        st.builds(SetAssumption, NAMES, st.sampled_from([None, "x"])),
        st.builds(SetAnswer, st.sampled_from(["answers", "hubspot"]), NAMES, st.sampled_from([None, 1, True])),
    ),
    max_size=6,
)


@settings(deadline=None, derandomize=True)
@given(st.lists(CHANGES, max_size=3))
def test_change_settings_text__says_what_the_changes_say_and_loses_no_comment(rounds: list[list[Change]]) -> None:
    from dynsync_lib.settings_changes.settings_text import _changed_text  # the reader would refuse most of these

    text = "# top\n" + TEXT
    for changes in rounds:
        before: dict[str, Any] = tomllib.loads(text)
        try:
            after = changed_document(before, changes, shipped_rulebook())
        except UsageError:
            continue
        new = _changed_text(text, after, "dynsync.toml")
        assert tomllib.loads(new) == after
        whole_lines = [line for line in text.splitlines() if line.startswith("#")]
        assert [line for line in new.splitlines() if line.startswith("#")] == whole_lines
        text = new


def test_change_settings_text__a_choice_made_and_taken_back_leaves_every_byte() -> None:
    changes = SetAssumption("company_dup", "all_bind"), SetAssumption("company_dup", None)
    assert changed("[sync.contact]\n", *changes) == "[sync.contact]\n"


def test_change_settings_text__faults_are_said_in_the_readers_words() -> None:
    schema = shipped_rulebook().standard_schema
    catalogue = build_catalogue(schema["properties"], schema["columns"])
    with pytest.raises(SettingsError) as caught:
        change_settings_text(
            "[sync.contact]\n",
            [SetMapping(CONTACT, "emial", "jobtitle"), SetSync(CONTACT, "direction", "north")],
            rulebook=shipped_rulebook(),
            catalogue=catalogue,
        )
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["dynsync.toml, line 2", "dynsync.toml, line 5"]
    assert "Did you mean `email`?" in caught.value.faults[1]


@pytest.mark.parametrize("text", ["[sync", "[sync]\ncontact = 5\n", "[sync.contact]\nmapping = 3\n"])
def test_change_settings_text__a_file_with_faults_is_not_changed(text: str) -> None:
    with pytest.raises(SettingsError):
        changed(text, SetMapping(CONTACT, "a", "b"))


def test_change_settings_text__a_mapping_that_is_not_there_cannot_go() -> None:
    with pytest.raises(UsageError, match="`a` and `b` of contact are not mapped with each other"):
        changed(TEXT, RemoveMapping(CONTACT, "a", "b"))
