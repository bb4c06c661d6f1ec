"""The forecast's `mapping`: verdicts, reasons with counts, and what to do instead."""

from __future__ import annotations

from typing import Any

from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.model import Direction, Object, System
from tests.core.field_pairs import Portals, options, sync

H, D, CONTACT = System.HUBSPOT, System.DYNAMICS, Object.CONTACT
TIER = Field(H, CONTACT, "tier", "Tier", "enumeration", "select", options("gold=Gold", "trial=Trial"))
CODE = Field(D, CONTACT, "code", "Tier", "Picklist", options=options("1=Gold", "2=Bronze"))
TAGS = Field(H, CONTACT, "tags", "Tags", "enumeration", "checkbox", options("news=News", "web=Web", "fair=Fair"))
SET = Field(D, CONTACT, "interests", "Tags", "MultiSelectPicklist", options=options("1=Web", "9=Golf"))
MAIL = Field(H, CONTACT, "no_mail", "No mail", "bool", "booleancheckbox")
DO_NOT = Field(D, CONTACT, "donotemail", "Do not allow Emails", "Boolean")
SEND = Field(D, CONTACT, "donotsendmm", "Send Marketing Materials", "Boolean")
COMPANY = Field(H, CONTACT, "company", "Company", "string", "text")
PARENT = Field(D, CONTACT, "parentcustomerid", "Company Name", "Customer", targets=("account", "contact"))


def choices(**settings: Any) -> Portals:
    return Portals(
        [TIER, CODE],
        sync("tier <-> code", **settings),
        hubspot=[{"id": f"h{n}", "tier": tier} for n, tier in enumerate(["gold", "trial", " trial", None, "old", ""])],
        dynamics=[{"id": f"d{n}", "code": code} for n, code in enumerate(["1", "2", "1"])],
    )


def test_choices__names_the_values_without_a_partner_and_counts_their_records() -> None:
    [row] = choices().mapping_rows()
    assert row["reason"] == (
        "Without a partner: HubSpot 'trial' (Trial, 2 records), 'old' (1 record); Dynamics '2' (Bronze, 1 record)."
    )
    assert (row["verdict"], row["rule_id"], row["rows_affected"]) == ("lossy", "field.option-unpaired", 4)
    assert row["workaround"] == "Add the missing options on the other side, or pair them in the mapping's options."


def test_choices__asks_only_the_side_whose_values_travel() -> None:
    [row] = choices(direction=Direction.TO_HUBSPOT).mapping_rows()
    assert row["reason"] == "Without a partner: Dynamics '2' (Bronze, 1 record)."
    assert row["rows_affected"] == 1


def test_choices__says_nothing_when_all_have_a_partner() -> None:
    portals = choices()
    portals.hubspot = [{"id": "h1", "tier": "gold"}]
    portals.dynamics = [{"id": "d1", "code": "1"}]
    [row] = portals.mapping_rows()
    assert (row["verdict"], row["rule_id"], row["reason"], row["rows_affected"]) == (
        "ok",
        "field.same-kind",
        None,
        None,
    )


def test_choices__names_the_first_five_values() -> None:
    portals = choices(direction=Direction.TO_DYNAMICS)
    portals.hubspot = [{"id": f"h{n}", "tier": f"old{n}"} for n in range(7)]
    [row] = portals.mapping_rows()
    assert str(row["reason"]).endswith("'old4' (1 record) and 2 more values.")
    assert row["rows_affected"] == 7


def test_several_choices__counts_records_once() -> None:
    portals = Portals(
        [TAGS, SET],
        sync("tags <-> interests"),
        hubspot=[{"id": "h1", "tags": "news;fair"}, {"id": "h2", "tags": "web;fair"}, {"id": "h3", "tags": None}],
        dynamics=[{"id": "d1", "interests": "1"}],
        assumptions={"multiselect": "true"},
    )
    [row] = portals.mapping_rows()
    told = "Without a partner: HubSpot 'fair' (Fair, 2 records), 'news' (News, 1 record)."
    assert (row["reason"], row["rows_affected"]) == (told, 2)


def test_lists__of_addresses_and_domains_cannot_be_mapped() -> None:
    """The API says several choices of them, which flow into text; a filter asks them as such all the same."""
    portals = Portals(
        [
            Field(H, CONTACT, "hs_additional_emails", "Additional", "enumeration", "checkbox"),
            Field(D, CONTACT, "emailaddress2", "Email 2", "String", "Email"),
        ],
        sync("hs_additional_emails -> emailaddress2"),
        hubspot=[{"id": "h1", "hs_additional_emails": "a@x.example;b@x.example"}],
        dynamics=[{"id": "d1", "emailaddress2": None}],
    )
    [row] = portals.mapping_rows()
    assert (row["verdict"], row["rule_id"]) == ("blocked", "field.lists")
    assert row["reason"] == "The property holds a list of values, and fields that do cannot be mapped."


def test_opt_outs__warn_of_their_polarity() -> None:
    portals = Portals(
        [MAIL, DO_NOT, SEND],
        sync("no_mail <-> donotemail"),
        hubspot=[{"id": "h1", "no_mail": "true"}],
        dynamics=[{"id": "d1", "donotemail": "false", "donotsendmm": "true"}],
    )
    [row] = portals.mapping_rows()
    assert (row["verdict"], row["allowed_directions"], row["rule_id"]) == (
        "lossy",
        "two_way",
        "field.opt-out-polarity",
    )
    assert str(row["reason"]).startswith("Yes means 'do not allow' in Dynamics;")
    portals.sync = sync("no_mail <- donotsendmm")
    [row] = portals.mapping_rows()
    assert str(row["reason"]).startswith("The column is labelled 'Send marketing materials' and stores yes for")


def test_lookup__comes_with_its_recipe() -> None:
    portals = Portals(
        [COMPANY, PARENT],
        sync("company <-> parentcustomerid"),
        hubspot=[{"id": "h1", "company": "Acme"}],
        dynamics=[
            {"id": "d1", "fullname": "Ann Ash", "_parentcustomerid_value": "d2"},
            {"id": "d2", "fullname": "Maximilian", "_parentcustomerid_value": None},
        ],
    )
    [row] = portals.mapping_rows()
    assert (row["verdict"], row["rule_id"], row["rows_affected"]) == ("blocked", "field.lookup-blocked", 2)
    assert row["workaround"] == (
        "Add the text column new_parentcustomerid_text (100 characters) in Dynamics, let a flow keep the label of "
        "parentcustomerid in it, and map it one way to a HubSpot text property dynamics_parentcustomerid. "
        "Filled in 1 of 2 records. Different labels: 1; the longest has 10 characters. "
        "Each label stands in one record, so a rename leaves one text out of date."
    )
