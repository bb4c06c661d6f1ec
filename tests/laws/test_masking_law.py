"""Masking keeps counts: people who share a key still share one, and nobody else does."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from dynsync_lib.core.masking import Mask, Masking
from tests.laws.small_worlds import seeded_world

_OBJECTS = st.sampled_from(["contact", "lead", "company"])


@settings(deadline=None, derandomize=True)
@given(rows=st.lists(st.tuples(_OBJECTS, st.none() | st.text(max_size=3))), secret=st.text(min_size=1, max_size=8))
def test_groups_of_a_key_stay_groups(rows: list[tuple[str, str | None]], secret: str) -> None:
    objects, keys = [one for one, _ in rows], [key for _, key in rows]
    masked = list(map(Mask(Masking.PSEUDONYM, secret).key, objects, keys))
    assert Counter(Counter(zip(objects, keys, strict=True)).values()) == Counter(
        Counter(zip(objects, masked, strict=True)).values()
    )
    assert [one is None for one in masked] == [key is None for key in keys]


def test_no_address_of_a_small_world_shows() -> None:
    rows = [row for seed in range(5) for row in seeded_world(seed, 10).tables["dynamics/contacts"]]
    keys = [row.get("emailaddress1") for row in rows if (row.get("emailaddress1") or "").strip("\u200b\u00a0 ")]
    masked = [Mask(Masking.PSEUDONYM, "salt").key("contact", key) for key in keys]
    assert len(set(masked)) == len(set(keys)) > 50
    assert not any(key in (one or "") for key, one in zip(keys, masked, strict=True) if key and len(key) > 3)
