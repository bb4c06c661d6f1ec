"""People out of sight, groups and counts as they are."""

from __future__ import annotations

import pytest

from dynsync_lib.core.masking import Mask, Masking, is_small, mask_key, mask_partly, mask_value, round_to_fives


def test_mask_key__is_the_same_for_the_same_key_and_tells_nothing() -> None:
    masked = mask_key("ada@example.com", secret="s")
    assert (masked or "").startswith("person-")
    assert masked == mask_key("ada@example.com", secret="s")
    assert masked != mask_key("ada@example.com", secret="other")
    assert "ada" not in (masked or "")
    assert mask_key(None, secret="s") is None


def test_mask_value__tells_that_it_is_filled_only() -> None:
    assert mask_value("Grüße") == "(filled)"
    assert mask_value(None) is None


def test_mask__leaves_companies_alone() -> None:
    mask = Mask(Masking.PSEUDONYM, "s")
    assert (mask.key("company", "acme"), mask.key("deal", None)) == ("acme", None)
    assert mask.value("company", "Acme") == "Acme"
    assert [str(mask.key(object_, "a")).startswith("person-") for object_ in ("contact", "lead")] == [True, True]
    assert mask.name("contact", "Ada Adams", "a") == mask.key("contact", "a")
    assert mask.value("contact", "Ada") == "(filled)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ada@example.com", "a***@example.com"),
        ("ab@example.com", "a***"),
        ("Ada Adams", "A***"),
        ("call ada@example.com", "c***"),
        ("ada@example.com and Bea", "a***"),
        ("false", "(filled)"),
        ("", "(filled)"),
        (None, None),
    ],
)
def test_mask_partly__shows_the_first_character_of_what_is_long(text: str | None, shown: str | None) -> None:
    assert mask_partly(text) == shown
    assert Mask(Masking.PARTIAL, "").key("contact", text) == shown


def test_mask__without_masking_shows_everything() -> None:
    mask = Mask(Masking.NONE, "")
    assert (mask.key("contact", "a"), mask.value("lead", "b"), mask.name("contact", "c", "a")) == ("a", "b", "c")


def test_is_small__of_people_or_of_what_may_be_people() -> None:
    assert [is_small("contact", count) for count in (None, 0, 1, 4, 5)] == [False, False, True, True, False]
    assert (is_small("lead", 1), is_small(None, 1), is_small("company", 1)) == (True, True, False)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, 0), (1, 5), (4, 5), (5, 5), (7, 5), (8, 10), (1202, 1200), (1203, 1205)]
)
def test_round_to_fives__to_the_nearest_and_never_to_nobody(count: int, shown: int) -> None:
    assert round_to_fives(count) == shown
