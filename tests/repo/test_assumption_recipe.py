"""The recipe of CONTRIBUTING for a new assumption: every place that it names knows every assumption."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.rulebook_texts import shipped_rulebook

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    "docs/semantics.md",
    "dynsync_lib/rules/settings_template.toml",
    "dynsync_lib/emulator/witness/plan.py",
    "tests/laws/small_settings.py",
    "dynsync_lib/core/sensitivity/scenarios.py",
)
"""Files in which every assumption stands by its id."""
RECIPE = (*PLACES, "dynsync_lib/rules/assumptions.toml", "dynsync_lib/rules/behaviour.toml", "affected_records.py")
"""Files that the recipe names."""


def missing(text: str, knobs: list[str]) -> list[str]:
    """The assumptions that a text does not name as a word of its own."""
    return [knob for knob in knobs if not re.search(rf"\b{knob}\b", text)]


@pytest.mark.parametrize("place", PLACES)
def test_every_assumption_stands_in_every_place(place: str) -> None:
    text = (ROOT / place).read_text(encoding="utf-8")
    assert missing(text, sorted(shipped_rulebook().assumptions)) == []


def test_a_forgotten_assumption_is_seen() -> None:
    assert missing("no_key = 'create'", ["no_key", "name_norm"]) == ["name_norm"]
    assert missing("first_no_key", ["no_key"]) == ["no_key"]


def test_the_recipe_names_every_place() -> None:
    recipe = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [place for place in RECIPE if place not in recipe] == []
