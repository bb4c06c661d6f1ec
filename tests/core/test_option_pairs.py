"""Which options of two choices belong together."""

from __future__ import annotations

import pytest

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.option_pairs import pair_options, partners_of
from dynsync_lib.core.model import Object, System
from tests.core.field_pairs import options

TIER = Field(
    System.HUBSPOT, Object.CONTACT, "tier", "Tier", "enumeration", options=options("a=Gold", "b=Iron", "c=gold ")
)
CODE = Field(System.DYNAMICS, Object.CONTACT, "code", "Tier", "Picklist", options=options("2=GOLD", "a=Lead", "1=Gold"))


@pytest.mark.parametrize(
    ("pairing", "pairs"),
    [
        ("label_ci", (("a", "2"), ("a", "1"), ("c", "2"), ("c", "1"))),
        ("value", (("a", "a"),)),
        ("explicit", ()),
    ],
)
def test_pair_options__in_the_order_of_both_lists(pairing: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert pair_options({}, TIER, CODE, pairing) == pairs


def test_pair_options__own_pairs_alone_decide() -> None:
    assert pair_options({"b": "1"}, TIER, CODE, "label_ci") == (("b", "1"),)


def test_partners_of__the_first_of_several_counts() -> None:
    pairs = pair_options({}, TIER, CODE, "label_ci")
    assert partners_of(pairs, System.HUBSPOT) == {"a": "2", "c": "2"}
    assert partners_of(pairs, System.DYNAMICS) == {"2": "a", "1": "a"}
