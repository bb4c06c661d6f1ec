"""What a side did not deliver is named as not checked: never `ok`, never equal, never without a key in silence."""

from __future__ import annotations

from typing import Any

import pytest

from dynsync_lib import kit
from tests.everyday import one_of_each
from tests.kit.conftest import ForecastOf

GUID = "4a4e1e7f-0000-4000-8000-00000000000"
FILES = {
    "h/contacts": "hs_object_id,email,firstname,lastname\n1,ann@c.example,Ann,A\n2,bob@c.example,Bob,B\n",
    "d/contacts": f"contactid,emailaddress1,fullname\n{GUID}1,ann@c.example,Kasey Sample\n",
    "h/companies": "hs_object_id,name,city\n5,Alpha,Ulm\n",
    "d/accounts": f"accountid,name,address1_city\n{GUID}5,Alpha,Ulm\n",
}
SETTINGS = "[sync.contact]\n[sync.company]\n"


def _mapping(forecast: kit.Forecast, object_: str, hubspot: str) -> dict[str, Any]:
    (row,) = forecast.rows("mapping", where={"object": object_, "hubspot_field": hubspot})
    return dict(row)


def _not_checked(forecast: kit.Forecast, check: str) -> list[str]:
    return [str(row["sentence"]) for row in forecast.rows("findings", where={"check_id": check})]


def test_mapping__of_a_column_that_a_side_did_not_deliver(forecast_of: ForecastOf) -> None:
    row = _mapping(forecast_of(FILES, SETTINGS), "contact", "firstname")
    assert row == {
        "object": "contact",
        "hubspot_field": "firstname",
        "dynamics_field": "firstname",
        "verdict": "not_checked",
        "allowed_directions": "two_way",
        "reason": "Dynamics firstname was not delivered, so no values were compared.",
        "rule_id": "field.missing",
        "workaround": "Deliver Dynamics firstname, too.",
        "rows_affected": None,
    }


@pytest.mark.parametrize(
    ("object_", "hubspot", "verdict", "reason"),
    [
        ("contact", "email", "ok", None),
        ("company", "city", "ok", None),
        (
            "contact",
            "jobtitle",
            "not_checked",
            "HubSpot jobtitle and Dynamics jobtitle were not delivered, so no values were compared.",
        ),
    ],
)
def test_mapping__verdicts(
    forecast_of: ForecastOf, object_: str, hubspot: str, verdict: str, reason: str | None
) -> None:
    row = _mapping(forecast_of(FILES, SETTINGS), object_, hubspot)
    assert (row["verdict"], row["reason"]) == (verdict, reason)


def test_mapping__what_else_limits_it_is_said_as_well(forecast_of: ForecastOf) -> None:
    mapping = "default_mappings = false\n[[sync.contact.mapping]]\nhubspot = 'createdate'\ndynamics = 'description'\n"
    row = _mapping(forecast_of(FILES, f"[sync.contact]\n{mapping}"), "contact", "createdate")
    assert row["verdict"] != "ok"
    assert row["reason"].endswith(
        " HubSpot createdate and Dynamics description were not delivered, so no values were compared."
    )


def test_finding__names_the_columns_and_how_many_mappings(forecast_of: ForecastOf) -> None:
    settings = "[sync.company]\ndefault_mappings = false\n" + "".join(
        f"[[sync.company.mapping]]\nhubspot = '{hubspot}'\ndynamics = '{dynamics}'\n"
        for hubspot, dynamics in (("name", "name"), ("city", "address1_city"), ("zip", "address1_postalcode"))
    )
    forecast = forecast_of(FILES, settings)
    assert _not_checked(forecast, "G60") == [
        "Values of mapped columns that were not delivered were not compared, so more may change than is counted "
        "(HubSpot company: zip; Dynamics company: address1_postalcode; 1 of 3 mappings)."
    ]
    (finding,) = forecast.rows("findings", where={"check_id": "G60"})
    assert (finding["severity"], finding["count"], finding["share"]) == ("not_checked", None, None)


@pytest.mark.parametrize(
    ("files", "settings", "names"),
    one_of_each(
        [
            (FILES, SETTINGS, None),
            (
                {**FILES, "d/contacts": f"contactid,fullname\n{GUID}1,Ann\n"},
                SETTINGS,
                "Dynamics contact: emailaddress1",
            ),
            ({**FILES, "h/companies": "hs_object_id,domain\n5,x.example\n"}, SETTINGS, "HubSpot company: name"),
            ({key: text for key, text in FILES.items() if key != "d/accounts"}, SETTINGS, "Dynamics company: name"),
            (
                {**FILES, "d/contacts": f"contactid,fullname\n{GUID}1,Ann\n"},
                "[sync.contact]\nmatch_mode = 'own_field'\n"
                "match_field = { hubspot = 'email', dynamics = 'fullname' }\n",
                None,
            ),
            ({**FILES, "h/contacts": "hs_object_id,firstname\n1,Ann\n"}, "[sync.contact]\nmatch_mode = 'none'\n", None),
        ],
        lambda _, settings, names: (settings, names),
    ),
)
def test_finding__of_the_column_that_records_are_matched_by(
    forecast_of: ForecastOf, files: dict[str, str], settings: str, names: str | None
) -> None:
    says = "Who matches is not known where the column that records are matched by was not delivered"
    expected = [] if names is None else [f"{says} ({names})."]
    assert _not_checked(forecast_of(files, settings), "G61") == expected


def test_explain__names_what_was_not_compared(forecast_of: ForecastOf) -> None:
    settings = "[sync.company]\ndefault_mappings = false\n" + "".join(
        f"[[sync.company.mapping]]\nhubspot = '{hubspot}'\ndynamics = '{dynamics}'\n"
        for hubspot, dynamics in (("name", "name"), ("city", "address1_city"), ("zip", "address1_postalcode"))
    )
    (chain, *_) = kit.explain(forecast_of(FILES, settings), "5")
    steps = [(step.says, step.rule_id) for step in chain.steps if step.about == "not seen"]
    assert steps == [("Not compared, as a column was not delivered: zip.", "field.missing")]


def test_report__shows_it_in_grey(forecast_of: ForecastOf) -> None:
    forecast = forecast_of(FILES, SETTINGS)
    assert "not checked" in repr(kit.mapping_table(forecast))
    light = kit.traffic_light(forecast)
    assert any("were not compared" in ground.sentence for ground in light.of_tone("grey"))
    figure = next(figure for figure in kit.six_figures(forecast).figures if figure.key == "updated")
    assert "mappings were not compared" in figure.sentence


CONTACTS = "hs_object_id,email\n1,ann@c.example\n"
DEALS = "hs_object_id,dealname,dealstage\n9,One,closedwon\n"
OPPORTUNITIES = f"opportunityid,name,statuscode\n{GUID}9,One,1\n"
BOTH = {"h/contacts": CONTACTS, "d/contacts": f"contactid,emailaddress1\n{GUID}1,ann@c.example\n"}
PARENT = f"contactid,emailaddress1,_parentcustomerid_value,_parentcustomerid_type\n{GUID}1,ann@c.example,,\n"
ON = "[sync.contact]\n[sync.deal]\n"


@pytest.mark.parametrize(
    ("files", "settings", "names"),
    one_of_each(
        [
            (BOTH, ON, "HubSpot contact: associations; Dynamics contact: parentcustomerid"),
            ({**BOTH, "d/contacts": PARENT}, ON, "HubSpot contact: associations"),
            ({**BOTH, "d/contacts": PARENT}, "[sync.contact]\ndirection = 'to_hubspot'\n", None),
            ({**BOTH, "d/contacts": PARENT}, "", None),
            ({**BOTH, "d/contacts": PARENT, "h/links": "contact_id,company_id,is_primary\n"}, ON, None),
            (
                {
                    **BOTH,
                    "d/contacts": PARENT,
                    "h/contacts": "Record ID,Email,Associated Company IDs\n1,a@c.example,\n",
                },
                ON,
                None,
            ),
            (
                {"h/deals": DEALS, "d/opportunities": OPPORTUNITIES, "h/links": "contact_id,company_id,is_primary\n"},
                ON,
                "HubSpot deal: associations; Dynamics deal: parentaccountid, parentcontactid",
            ),
            ({"d/opportunities": OPPORTUNITIES.replace("statuscode", "_customerid_value")}, ON, None),
            (
                {"d/invoices": f"invoiceid,name\n{GUID}8,One\n"},
                "[sync.invoice]\n",
                "Dynamics invoice: customerid",
            ),
        ],
        lambda _, settings, names: (settings, names),
    ),
)
def test_finding__of_associations_that_were_not_delivered(
    forecast_of: ForecastOf, files: dict[str, str], settings: str, names: str | None
) -> None:
    says = "Which associations carry is not known where none were delivered"
    expected = [] if names is None else [f"{says} ({names})."]
    assert _not_checked(forecast_of(files, settings), "G64") == expected


def test_associations__that_lead_out_of_the_data_are_named(forecast_of: ForecastOf) -> None:
    """A view's filter left records out: what leads to them is counted as lost, and nobody knows whether it is."""
    files = {
        "h/contacts": "hs_object_id,email\n1,ann@c.example\n2,bob@c.example\n",
        "h/companies": "hs_object_id,name\n5,Alpha\n2,Beta\n",
        "h/links": "contact_id,company_id,is_primary\n1,5,true\n2,99,true\n",
        "d/contacts": f"contactid,emailaddress1,_parentcustomerid_value,_parentcustomerid_type\n"
        f"{GUID}1,ann@c.example,{GUID}5,account\n{GUID}2,cy@c.example,{GUID}7,account\n{GUID}3,di@c.example,{GUID}1,account\n",
        "d/accounts": f"accountid,name\n{GUID}5,Alpha\n",
    }
    (row,) = forecast_of(files, SETTINGS).rows("findings", where={"check_id": "G65"})
    sentence = "3 associations lead to records that are not in the data, and are counted as lost."
    assert (row["severity"], row["count"], row["sentence"]) == ("not_checked", 3, sentence)


INTO_INACTIVE = (
    "1 company of a HubSpot contact is counted as synced though its Dynamics contact is inactive and read-only: nobody"
    " says whether the sync tries to write it, and Dynamics would refuse it."
)


@pytest.mark.parametrize(
    ("state", "parent", "said"),
    [("1", "", [INTO_INACTIVE]), ("0", "", []), ("1", f"{GUID}5", [])],
)
def test_associations__into_inactive_contacts_are_named(
    forecast_of: ForecastOf, state: str, parent: str, said: list[str]
) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n1,ann@c.example\n2,new@c.example\n",
        "h/companies": "hs_object_id,name\n5,Alpha\n",
        "h/links": "contact_id,company_id,is_primary\n1,5,true\n2,5,true\n",
        "d/contacts": "contactid,emailaddress1,statecode,_parentcustomerid_value,_parentcustomerid_type\n"
        f"{GUID}1,ann@c.example,{state},{parent},account\n",
        "d/accounts": f"accountid,name\n{GUID}5,Alpha\n",
    }
    forecast = forecast_of(files, SETTINGS)
    assert {row["status"] for row in forecast.rows("links")} == {"synced"}
    found = forecast.rows("findings", where={"check_id": "G47"})
    assert [row["sentence"] for row in found] == said
    assert {row["severity"] for row in found} <= {"not_checked"}


def test_associations__within_the_data_are_no_such_finding(forecast_of: ForecastOf) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n1,ann@c.example\n",
        "h/companies": "hs_object_id,name\n5,\n",
        "h/links": "contact_id,company_id,is_primary\n1,5,true\n",
        "d/contacts": FILES["d/contacts"],
        "d/accounts": FILES["d/accounts"],
    }
    forecast = forecast_of(files, SETTINGS)
    assert [row["status"] for row in forecast.rows("links")] == ["target_not_synced"]
    assert forecast.rows("findings", where={"check_id": "G65"}) == []
