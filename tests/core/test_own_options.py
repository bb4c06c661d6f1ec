"""The options a mapping pairs by itself: by value or label, either way round, and what is no option."""

from __future__ import annotations

import pytest

from dynsync_lib.core.fields.catalogue import Catalogue, Field, Option
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.settings_file.option_names import OwnOptions, read_own_options

TERMS = Field(
    System.HUBSPOT,
    Object.COMPANY,
    "terms",
    "Terms",
    "enumeration",
    "select",
    (Option("net_30", "Net 30"), Option("net_60", "Net 60")),
)
CODE = Field(
    System.DYNAMICS,
    Object.COMPANY,
    "paymenttermscode",
    "Payment Terms",
    "Picklist",
    None,
    (Option("1", "Net 30"), Option("4", "Net 60")),
)
NO_OPTIONS = Field(System.DYNAMICS, Object.COMPANY, "new_code", "Code", "Picklist")


def told(given: dict[str, str], dynamics: Field = CODE, *, standard: bool = False) -> OwnOptions:
    catalogue = Catalogue({}, {System.HUBSPOT: False, System.DYNAMICS: standard})
    return read_own_options(given, TERMS, dynamics, catalogue)


@pytest.mark.parametrize(
    "given",
    [{"net_30": "1"}, {"Net 30": "1"}, {"net_30": " NET 30 "}, {"1": "net_30"}, {"Net 30": "net_30"}],
    ids=["values", "label", "both", "turned round", "label turned round"],
)
def test_options__are_named_by_value_or_label_either_way_round(given: dict[str, str]) -> None:
    assert told(given) == OwnOptions({"net_30": "1"}, ())


def test_options__that_do_not_exist_are_faults() -> None:
    assert told({"net_30": "9", "nett_60": "4"}).faults == (
        ("net_30", "`9` is no option of the company column `paymenttermscode` of dynamics. It has `1`, `4`."),
        ("nett_60", "`nett_60` is no option of the company property `terms` of hubspot. Did you mean `net_60`?"),
    )


def test_options__of_a_field_that_lists_none_are_taken_as_they_stand() -> None:
    assert told({"net_30": "9"}, NO_OPTIONS) == OwnOptions({"net_30": "9"}, ())
    assert told({"net_30": "9"}, standard=True) == OwnOptions({"net_30": "9"}, ())
