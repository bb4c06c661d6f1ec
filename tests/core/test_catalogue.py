"""The catalogue out of metadata rows."""

from __future__ import annotations

from dynsync_lib.core.fields.catalogue import Field, Option, build_catalogue
from dynsync_lib.core.model import Object, System


def test_build_catalogue__reads_text_as_it_stands_in_csv() -> None:
    catalogue = build_catalogue(
        [
            {"object": "contact", "name": "score", "label": "Score", "type": "number", "calculated": "true"},
            {"object": "contact", "name": "tier", "options": '[{"value": "a", "label": "A"}]', "field_type": "select"},
            {"object": "ticket", "name": "subject"},
        ],
        [{"object": "contact", "name": "creditlimit", "type": "Money", "min_value": "0", "max_value": "1e3"}],
    )
    assert catalogue.names(System.HUBSPOT, Object.CONTACT) == ("score", "tier")
    assert catalogue.find(System.HUBSPOT, Object.CONTACT, "score") == Field(
        System.HUBSPOT, Object.CONTACT, "score", "Score", "number", read_only=True
    )
    tier = catalogue.find(System.HUBSPOT, Object.CONTACT, "tier")
    assert tier is not None
    assert tier.options == (Option("a", "A"),)
    limit = catalogue.find(System.DYNAMICS, Object.CONTACT, "creditlimit")
    assert limit is not None
    assert (limit.min_value, limit.max_value) == (0.0, 1000.0)


def test_build_catalogue__bad_metadata_counts_as_not_stated() -> None:
    rows = [{"object": "contact", "name": "x", "length": "long", "min_value": "inf", "options": "{"}]
    found = build_catalogue([], rows).find(System.DYNAMICS, Object.CONTACT, "x")
    assert found is not None
    assert (found.length, found.min_value, found.options) == (None, None, ())


def test_find__knows_a_lookup_by_both_spellings() -> None:
    catalogue = build_catalogue([], [{"object": "contact", "name": "parentcustomerid", "targets": "account;contact"}])
    found = catalogue.find(System.DYNAMICS, Object.CONTACT, "_parentcustomerid_value")
    assert found is not None
    assert found.targets == ("account", "contact")
    assert catalogue.find(System.DYNAMICS, Object.CONTACT, "parentcustomerid") is found
