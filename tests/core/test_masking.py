"""People out of sight, groups and counts as they are."""

from __future__ import annotations

from dynsync_lib.core.masking import mask_column, mask_key, mask_value, mask_values


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


def test_mask_columns__leave_companies_alone() -> None:
    keys = mask_column(["contact", "company", "lead", "deal"], ["a", "acme", "b", None], secret="s")
    assert keys[1] == "acme"
    assert keys[3] is None
    assert [key.startswith("person-") for key in (keys[0], keys[2]) if key] == [True, True]
    assert mask_values(["contact", "company"], ["Ada", "Acme"]) == ["(filled)", "Acme"]
