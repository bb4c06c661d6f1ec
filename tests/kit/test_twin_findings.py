"""What the audit rules say of records that share a key, and of twins that the sync does not see."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynsync_lib import kit
from tests.kit.small_portals import load_portals

Told = tuple[str, int | None, float | None]


def findings(folder: Path, files: dict[str, str], settings: str) -> dict[tuple[str, str | None, str | None], Told]:
    """Severity, count, share of each finding, by check, system and object."""
    snapshot, file = load_portals(folder, files), folder / "dynsync.toml"
    file.write_text(settings, encoding="utf-8")
    rows = kit.records(kit.forecast(snapshot, file, folder / "f").findings)
    return {
        (row["check_id"], row["system"], row["object"]): (row["severity"], row["count"], row["share"]) for row in rows
    }


PEOPLE = {
    "h/contacts": "hs_object_id,email\n1,else@example.com\n",
    "d/contacts": "contactid,emailaddress1,firstname,lastname,statecode\n"
    "d1,info@example.com,Ann,Ash,0\nd2,INFO@example.com,Bob,Birch,0\nd3,one@example.com,Cy,Cole,0\n"
    "d4,one@example.com,Cyril, COLE ,0\nd5,two@example.com,Di,Dee,0\nd6,two@example.com,Ed,Elm,1\n",
    "d/leads": "leadid,emailaddress1,firstname,lastname\nl1,x@example.com,Flo,Fir\nl2,x@example.com,Gus,Gum\n"
    "l3,y@example.com,Hal,Hay\nl4,y@example.com,Hal,Hay\n",
}
BOTH = "[sync.contact]\nfilter_to_hubspot = 'statecode = 0'\n[sync.lead]\n"


def test_findings__who_shares_an_address_and_who_loses_it(tmp_path: Path) -> None:
    told = findings(tmp_path, PEOPLE, BOTH)
    # d1 and d2; d3 and d4 have one last name, and d6 is out of scope
    assert told["G03", "dynamics", "contact"] == ("high", 2, 0.3333)
    assert told["G03", "dynamics", "lead"] == ("high", 2, 0.5)
    # d2 and d4; d6 differs from d5, but the filter leaves it out anyway
    assert told["G01", "dynamics", "contact"][1] == 2
    assert told["G02", "dynamics", "contact"] == ("high", 2, 0.3333)
    # l2; l4 says what l3 says
    assert told["G02", "dynamics", "lead"] == ("high", 1, 0.25)


def test_findings__last_names_that_were_not_delivered(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n1,b@example.com\n",
        "d/contacts": "contactid,emailaddress1\nd1,a@example.com\nd2,a@example.com\n",
    }
    assert findings(tmp_path, files, "[sync.contact]\n")["G03", "dynamics", "contact"] == ("not_checked", None, None)


def test_findings__an_own_field_that_is_not_unique(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email,zip\n1,a@example.com,K1\n2,b@example.com,K1\n3,c@example.com,K2\n",
        "d/contacts": "contactid,emailaddress1,lastname,address1_postalcode,statecode\nd1,x@example.com,Ash,K1,0\n"
        "d2,x@example.com,Elm,K2,0\nd3,y@example.com,Fir,K2,0\nd4,z@example.com,Gum,,0\nd5,w@example.com,Hay,K1,1\n",
    }
    own = 'match_mode = "own_field"\nmatch_field = { hubspot = "zip", dynamics = "address1_postalcode" }\n'
    told = findings(tmp_path, files, f"[sync.contact]\nfilter_to_hubspot = 'statecode = 0'\n{own}")
    # 1 and 2, d2 and d3; d5 is out of scope and shares nothing with d1 any more
    assert told["G13", None, None] == ("high", 4, None)
    assert not {"G01", "G02", "G03"} & {check for check, _, _ in told}


OTHERS = {
    "h/contacts": "hs_object_id,email\n1,old@example.com\n2,Third@example.com\n3,met@example.com\n4,far@example.com\n",
    "d/contacts": "contactid,emailaddress1,emailaddress2,emailaddress3\n"
    "d1,new@example.com, OLD@example.com ,\nd2,met@example.com,far@example.com,\n",
    "d/leads": "leadid,emailaddress1,emailaddress3\nl1,,third@example.com\n",
}


def test_findings__second_and_third_addresses_are_no_keys(tmp_path: Path) -> None:
    told = findings(tmp_path, OTHERS, "[sync.contact]\n[sync.lead]\n")
    # 1 by d1, 2 by l1, which stays out and leaves 2 to be created; d2 has its contact
    assert told["G05", "hubspot", "contact"] == ("medium", 2, 0.5)


def test_findings__second_addresses_are_asked_of_objects_that_are_on(tmp_path: Path) -> None:
    told = findings(tmp_path, OTHERS, "[sync.contact]\n")
    assert told["G05", "hubspot", "contact"] == ("medium", 1, 0.25)


NAMELESS = {
    "h/contacts": "hs_object_id,email,firstname,lastname\n1,a@example.com,Ann,Ash\n2,,Bob,Birch\n3,,,Cole\n",
    "d/contacts": "contactid,emailaddress1,firstname,lastname\nd1,,ann,ASH \nd2,b@example.com,Bob,Birch\nd3,,,Cole\n",
}


@pytest.mark.parametrize(("require", "count"), [("false", 2), ("true", None)])
def test_findings__namesakes_of_persons_without_an_address(tmp_path: Path, *, require: str, count: int | None) -> None:
    told = findings(tmp_path, NAMELESS, f"[sync.contact]\nrequire_email = {require}\n")
    # d1 is 1, and 2 is d2; a last name alone is no full name
    assert told.get(("G06", None, "contact"), (None, None))[1] == count


FIRMS = {
    "h/companies": "hs_object_id,name,domain\n1,Ash Ltd,ash.example\n2,Birch,birch.example\n3,Other,elm.example\n"
    "4,Fir,\n5,Gum,gum.example\n",
    "d/accounts": "accountid,name,websiteurl\na1,Ash Ltd,https://ash.example\na2,Birch,www.elm.example\n"
    "a3,Fir,fir.example\na4,Gum,gum-group.example\n",
}


def test_findings__a_pair_whose_domain_is_anothers_is_doubtful(tmp_path: Path) -> None:
    told = findings(tmp_path, FIRMS, "[sync.company]\n")
    # a2 meets 2 by name, and its domain is that of 3; nobody has the other domain of a4
    assert told["G12", None, "company"] == ("high", 1, None)


def test_findings__a_pair_whose_name_is_anothers_is_doubtful(tmp_path: Path) -> None:
    files = {
        "h/companies": "hs_object_id,name,domain\n1,Ash,elm.example\n2,Elm,\n",
        "d/accounts": "accountid,name,websiteurl\na1,Elm,elm.example\n",
    }
    told = findings(tmp_path, files, "[sync.company]\n[assumptions]\ncompany_keys = 'domain'\n")
    assert told["G12", None, "company"] == ("high", 1, None)


MERGED = {
    "h/companies": "hs_object_id,name,domain,city,phone\n1,Ash,ash.example,Ulm,0731 123456\n"
    "2,Birch,birch.example,Bonn,\n3,Elm,elm.example,Kiel,0431 123456\n4,Fir,fir.example,,\n",
    "d/accounts": "accountid,name,websiteurl,address1_city,telephone1\na1,Ash,oak.example,Bern,031 654321\n"
    "a2,Birch,beech.example,Rom,06 1234567\na3,Elm,other.example,Lyon,+49 431 123456\na4,Fir,gum.example,Oslo,\n",
}


def test_findings__pairs_of_one_name_that_agree_in_nothing_else(tmp_path: Path) -> None:
    told = findings(tmp_path, MERGED, "[sync.company]\n")
    # a3 has the telephone number of 3, and of a4 and 4 only the domain is known on both sides
    assert told["G66", None, "company"] == ("high", 2, None)


def test_findings__without_city_and_telephone_number_false_merges_are_not_checked(tmp_path: Path) -> None:
    told = findings(tmp_path, FIRMS, "[sync.company]\n")
    assert told["G66", None, "company"][0] == "not_checked"
    rows = kit.open_forecast(tmp_path / "f").rows("findings", where={"check_id": "G66"})
    assert [row["sentence"] for row in rows] == [
        "Whether companies and accounts that match by name are two firms: of domain, city and telephone number both "
        "systems delivered fewer than two."
    ]


def test_findings__companies_that_lose_their_domain_in_the_second_round(tmp_path: Path) -> None:
    files = {
        "h/companies": "hs_object_id,name,domain\n1,A,a.example\n2,B,a.example\n3,C,c.example\n",
        "d/accounts": "accountid,name,websiteurl\na1,A,a.example\na2,D,a.example\na3,C,c2.example\na4,E,c.example\n",
    }
    told = findings(tmp_path, files, "[sync.company]\n[assumptions]\ncompany_keys = 'name_or_domain'\n")
    # 2 behind 1, a2 behind a1, a4 behind a3, whose company has its domain
    assert told["G12", "hubspot", "company"] == ("high", 1, 0.3333)
    assert told["G12", "dynamics", "company"] == ("high", 2, 0.5)


DEALS = {
    "h/companies": "hs_object_id,name\n1,Ash\n2,Birch\n",
    "h/deals": "hs_object_id,dealname,amount,closedate,dealstage,Associated Company IDs (Primary)\n"
    "11,Renewal,1000,2026-12-01T10:00:00Z,open,1\n12,Renewal,2000.00,2026-12-01,open,\n13,Start,5,2026-12-02,open,2\n"
    "14,Lone,5,2026-12-02,open,\n15,Old,7,2020-01-01,closedwon,\n16,Older,7,2019-01-01,mine,\n",
    "d/accounts": "accountid,name\na1,Ash\na2,Birch\n",
    "d/opportunities": "opportunityid,name,estimatedvalue,estimatedclosedate,statuscode,statecode,"
    "_parentaccountid_value\n"
    "o1,RENEWAL,1000.0000,2026-12-01,1,0,a1\no2,Renewal,2000,2026-12-01T00:00:00Z,1,0,\n"
    "o3,Start,5,2026-12-02,1,0,a1\no4,Old,7,2020-01-01,3,1,\no5,Lost,1,2020-01-01,4,2,\no6,Held,1,2026-01-01,2,0,\n",
}
STAGES = "[sync.company]\n[sync.deal]\n[sync.deal.stages]\nopen = '1'\n"


def test_findings__deals_on_both_sides_and_closed_deals_whose_stage_has_no_partner(tmp_path: Path) -> None:
    told = findings(tmp_path, DEALS, STAGES)
    # 11 is o1 and 12 is o2; 13 and o3 are of two firms, 15 and o4 are not created
    assert told["G14", None, "deal"] == ("high", 4, None)
    # o4 is won and o5 is lost, o6 is on hold; 15 is won, 16 stands in a stage nobody knows
    assert told["G21", "dynamics", "deal"] == ("medium", 2, 0.3333)
    assert told["G21", "hubspot", "deal"] == ("medium", 1, 0.1667)


@pytest.mark.parametrize("sync", ["direction = 'to_hubspot'", "direction = 'to_dynamics'", "direction = 'two_way'"])
def test_findings__deals_of_two_firms_are_no_twins_whichever_way_they_go(tmp_path: Path, *, sync: str) -> None:
    told = findings(tmp_path, DEALS, f"[sync.deal]\n{sync}\n[sync.deal.stages]\nopen = '1'\n")
    # 11 and o1, 12 and o2, of those the side that travels
    assert told["G14", None, "deal"][1] == (4 if "two_way" in sync else 2)


def test_findings__deals_of_namesakes_are_twins_though_one_of_them_is_shadowed(tmp_path: Path) -> None:
    files = {
        "h/companies": "hs_object_id,name\n1,Ash\n",
        "h/deals": "hs_object_id,dealname,amount,closedate,dealstage,Associated Company IDs (Primary)\n"
        "11,Big,1,2026-12-01,open,1\n",
        "d/accounts": "accountid,name\na1,Ash\na2,ASH\n",
        "d/opportunities": "opportunityid,name,estimatedvalue,estimatedclosedate,statuscode,_parentaccountid_value\n"
        "o1,Big,1,2026-12-01,1,a2\n",
    }
    assert findings(tmp_path, files, STAGES)["G14", None, "deal"] == ("high", 2, None)


def test_findings__deals_without_any_stage_stay_out(tmp_path: Path) -> None:
    told = findings(tmp_path, DEALS, "[sync.deal]\n")
    assert told["G21", None, "deal"] == ("high", 12, 1.0)


def test_findings__deals_whose_amounts_were_not_delivered(tmp_path: Path) -> None:
    files = {**DEALS, "d/opportunities": "opportunityid,name,statuscode\no1,Renewal,1\n"}
    assert findings(tmp_path, files, STAGES)["G14", None, "deal"] == ("not_checked", None, None)


def test_findings__hubspot_says_itself_which_deals_are_closed(tmp_path: Path) -> None:
    files = {
        "h/deals": "hs_object_id,dealname,dealstage,hs_is_closed\n1,A,mine,true\n2,B,mine,false\n3,C,open,true\n",
        "d/opportunities": "opportunityid,name,statuscode\no1,Z,1\n",
    }
    assert findings(tmp_path, files, STAGES)["G21", "hubspot", "deal"] == ("medium", 1, 0.3333)


def test_findings__characters_that_one_does_not_see(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n1, a@example.com\n2,B@Example.com\n3,c\u200b@example.com\n4,\n",
        "d/contacts": "contactid,emailaddress1\nd1,a@example.com\u00a0\nd2,b@example.com\n",
        "d/leads": "leadid,emailaddress1\nl1,\ufeffl@example.com\n",
        "h/companies": "hs_object_id,name\n1,Ash  Ltd\n2,Birch\u00a0Ltd\n3,Cole Ltd\n4, Dee\n",
        "d/accounts": "accountid,name\na1,Ash Ltd\na2,Elm\u2060\n",
    }
    told = findings(tmp_path, files, "[sync.contact]\n[sync.lead]\n[sync.company]\n")
    # the contacts 1 and 3, the companies 1, 2 and 4; d1, l1 and a2
    assert told["G08", "hubspot", None] == ("medium", 5, None)
    assert told["G08", "dynamics", None] == ("medium", 3, None)


def test_findings__invoices_that_nobody_gets(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n1,a@example.com\n",
        "d/contacts": "contactid,emailaddress1\nd1,a@example.com\nd2,\n",
        "d/accounts": "accountid,name\na1,Ash\n",
        "d/invoices": "invoiceid,name,_customerid_value,_customerid_type\n"
        "i1,One,d1,contact\ni2,Two,a1,account\ni3,Three,d2,contact\ni4,Four,,\n",
    }
    told = findings(tmp_path, files, "[sync.contact]\n[sync.company]\n[sync.invoice]\ndirection = 'to_hubspot'\n")
    assert told["G46", "dynamics", "invoice"] == ("high", 3, None)


def test_findings__what_an_own_field_no_longer_brings_together(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email,zip\n1,a@example.com,K1\n2,b@example.com,\n3,c@example.com,K3\n",
        "d/contacts": "contactid,emailaddress1,address1_postalcode,statecode\n"
        "d1,a@example.com,K1,0\nd2,B@example.com,K9,0\nd3,c@example.com,,0\nd4,c@example.com,K4,1\n",
        "h/companies": "hs_object_id,name,zip\n1,Ash,A1\n",
        "d/accounts": "accountid,name,address1_postalcode\na1,ASH,A2\na2,Elm,A3\n",
    }
    own = 'match_mode = "own_field"\nmatch_field = { hubspot = "zip", dynamics = "address1_postalcode" }\n'
    contacts = f"[sync.contact]\nfilter_to_hubspot = 'statecode = 0'\n{own}"
    told = findings(tmp_path, files, f"{contacts}[sync.company]\n{own}")
    # d2, d3 and a1; d1 has its contact, and d4 is out of scope
    assert told["G13", None, None] == ("medium", 3, None)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [("name", [("low", 2, 0.5), ("low", 3, 0.75)]), ("domain", [("high", 1, 0.25), ("high", 2, 0.5)])],
)
def test_findings__companies_of_one_domain(tmp_path: Path, *, keys: str, expected: list[Told | None]) -> None:
    files = {
        "h/companies": "hs_object_id,name,domain\n1,A,x.example\n2,B,www.x.example\n3,C,y.example\n4,D,\n",
        "d/accounts": "accountid,name,websiteurl\na1,E,z.example\na2,F,http://z.example/de\na3,G,Z.example\na4,H,\n",
    }
    told = findings(tmp_path, files, f"[sync.company]\n[assumptions]\ncompany_keys = '{keys}'\n")
    # where the domain is the key, who shares one loses it: 2, a2 and a3
    assert [told.get(("G12", system, "company")) for system in ("hubspot", "dynamics")] == expected


def test_findings__labels_have_no_place_in_dynamics(tmp_path: Path) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n1,a@example.com\n2,\n",
        "h/companies": "hs_object_id,name\n7,Ash\n8,Elm\n",
        "h/links": "contact_id,company_id,is_primary,label\n"
        "1,7,true,Primary\n1,7,true,Billing\n1,8,false,Consultant\n1,8,false,\n2,7,false,Owner\n",
        "d/contacts": "contactid,emailaddress1\nd1,a@example.com\n",
    }
    told = findings(tmp_path, files, "[sync.contact]\n[sync.company]\n")
    assert told["G15", None, None] == ("low", 2, None)


@pytest.mark.parametrize(("winner", "count"), [("dynamics", 2), ("hubspot", None)])
def test_findings__parents_that_do_not_sync_give_way(tmp_path: Path, *, winner: str, count: int | None) -> None:
    files = {
        "h/contacts": "hs_object_id,email\n1,a@example.com\n2,b@example.com\n3,c@example.com\n4,d@example.com\n",
        "h/companies": "hs_object_id,name\n7,Ash\n",
        "h/links": "contact_id,company_id,is_primary\n1,7,true\n2,7,true\n3,7,true\n",
        "d/contacts": "contactid,emailaddress1,_parentcustomerid_value,_parentcustomerid_type\n"
        "d1,a@example.com,a9,account\nd2,b@example.com,d1,contact\nd3,c@example.com,a1,account\n"
        "d4,d@example.com,a9,account\n",
        "d/accounts": "accountid,name,statecode\na1,Ash,0\na9,Out,1\n",
    }
    companies = "[sync.company]\nfilter_to_hubspot = 'statecode = 0'\n"
    told = findings(tmp_path, files, f"[sync.contact]\nconflict_winner = '{winner}'\n{companies}")
    # d1 and d2 get Ash; d3 has it, and nobody has another company for d4
    assert told.get(("G17", None, "contact"), (None, None))[1] == count
