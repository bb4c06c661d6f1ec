"""Recipes for lookups: what is counted, what is proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dynsync_lib.core.advice.lookup_recipes import LookupRecipe, find_recipes
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import UNRESOLVED_LOOKUPS
from dynsync_lib.engine.polars_engine import PolarsEngine
from tests.core.field_pairs import Portals, Row, sync

H, D, CONTACT, COMPANY = System.HUBSPOT, System.DYNAMICS, Object.CONTACT, Object.COMPANY
FIELDS = [
    Field(D, COMPANY, "name", "Account Name", "String", "Text", length=160),
    Field(D, CONTACT, "firmname", "Firm", "String", "Text", length=100),
    Field(D, CONTACT, "parentcustomerid", "Company Name", "Customer", targets=("account", "contact")),
    Field(D, CONTACT, "new_region", "Region", "Lookup", targets=("new_region",)),
    Field(D, CONTACT, "masterid", "Master", "Lookup", targets=("contact",)),
    Field(D, CONTACT, "ownerid", "Owner", "Owner", targets=("systemuser", "team")),
]
ACCOUNTS = [{"id": "a1", "name": " Acme "}, {"id": "a2", "name": "Bolt & Sons"}, {"id": "a3", "name": "Unused"}]


def recipes(contacts: Sequence[Row], *mappings: str, unresolved: Sequence[Row] = ()) -> dict[str, LookupRecipe]:
    portals = Portals(FIELDS, sync(*mappings), dynamics=contacts, others={"dynamics/accounts": ACCOUNTS})
    with PolarsEngine() as engine:
        situation = portals.situation(engine)
        if unresolved:
            names = engine.from_rows(unresolved, UNRESOLVED_LOOKUPS.columns)
            situation = replace(situation, tables={**situation.tables, UNRESOLVED_LOOKUPS.name: names})
        return {one.column: one for one in find_recipes(situation, [CONTACT])}


def contact(number: int, parent: str | None, firm: str | None = None) -> dict[str, str | None]:
    return {
        "id": f"d{number}",
        "fullname": f"Person {number}",
        "firmname": firm,
        "_parentcustomerid_value": parent,
        "_new_region_value": "r1",
    }


def test_recipe__counts_fill_rate_labels_and_what_goes_stale() -> None:
    rows = [contact(1, "a1"), contact(2, "a1"), contact(3, "a2"), contact(4, "d1"), contact(5, "x"), contact(6, " ")]
    told = recipes(rows)["parentcustomerid"]
    assert (told.records, told.filled, told.labelled, told.distinct) == (6, 5, 4, 3)
    assert (told.longest, told.most_shared, told.is_mapped) == (11, 2, False)
    assert told.fill_rate == 5 / 6
    assert "Different labels: 3; the longest has 11 characters. Of 1 more record the label is not in" in told.text
    assert told.staleness == "Renaming one of the records it points to leaves up to 2 texts out of date."
    assert (told.text_column, told.text_length) == ("new_parentcustomerid_text", 200)
    assert told.hubspot_property == "dynamics_parentcustomerid"


def test_recipe__names_a_text_column_that_holds_the_labels_already() -> None:
    rows = [contact(1, "a1", "Acme"), contact(2, "a1", "Acme"), contact(3, "a2", "Bolt & Sons ")]
    told = recipes(rows, "company <-> parentcustomerid")["parentcustomerid"]
    assert (told.same_values_in, told.is_mapped) == ("firmname", True)
    assert told.text.startswith(
        "The text column firmname holds the same values already: map that one. Filled in 3 of 3"
    )
    assert recipes([*rows, contact(4, "a2", "Bolt")])["parentcustomerid"].same_values_in is None


def test_recipe__says_what_the_snapshot_lacks() -> None:
    told = recipes([contact(1, "a1")])
    assert set(told) == {"parentcustomerid", "new_region", "masterid"}
    region = told["new_region"]
    assert (region.text_column, region.filled, region.labelled, region.longest) == ("new_region_text", 1, 0, None)
    assert region.text.endswith(
        "The snapshot does not hold the labels. How often the label changes cannot be told from the snapshot."
    )
    master = told["masterid"]
    assert (master.records, master.filled, master.fill_rate) == (None, None, None)
    assert master.text.endswith("The snapshot lacks the lookup, so nothing was counted.")


def test_recipe__counts_names_that_mean_no_single_record_as_filled() -> None:
    names = [
        {"system": "dynamics", "object": object_, "record_id": "d2", "field": field, "why": "unknown"}
        for object_, field in (("contact", "parentcustomerid"), ("contact", "ownerid"), ("company", "parentcustomerid"))
    ]
    recipe = recipes([contact(1, "a1"), contact(2, None)], unresolved=names)["parentcustomerid"]
    assert (recipe.records, recipe.filled, recipe.labelled, recipe.unresolved) == (2, 2, 1, 1)
    said = "1 record holds a name that means no single exported record: not checked, neither labels nor lengths."
    assert said in recipe.text
    assert "is not in the snapshot" not in recipe.text
    alone = recipes([contact(2, None)], unresolved=names)["parentcustomerid"]
    assert "Filled in 1 of 1 record. 1 record holds a name" in alone.text
