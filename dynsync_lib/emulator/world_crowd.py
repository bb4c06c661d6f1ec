"""The crowd around the planted cases: people and companies of both portals, about six in ten known to both.

Facts
    * What a pair shares differs as in life: another spelling of a telephone number, an old job title, an empty field.
    * Records of the crowd have keys that no planted case has; a few share a key, as in every CRM.

Where it is used: `world`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from dynsync_lib.emulator.world_records import Maker, Row

SIZES: Final = {
    "hubspot/contacts": 1_200,
    "hubspot/companies": 260,
    "hubspot/deals": 120,
    "dynamics/contacts": 1_500,
    "dynamics/accounts": 340,
    "dynamics/leads": 180,
    "dynamics/opportunities": 120,
    "dynamics/invoices": 150,
    "hubspot/owners": 12,
    "dynamics/users": 12,
}
_TLD: Final = "example"
_INDUSTRY: Final = (("ACCOUNTING", "1"), ("INSURANCE", "20"), ("RETAIL", "6"), (None, None))
_STAGES: Final = ("appointmentscheduled", "contractsent", "closedwon", "qualifiedtobuy", "closedlost")


@dataclass(frozen=True, slots=True)
class Firm:
    """One company: what both portals could know of it. Ids are None where a portal does not know it."""

    name: str
    domain: str
    city: str
    country: str
    hubspot_id: str | None
    dynamics_id: str | None


def add_crowd(maker: Maker, *, scale: float) -> None:
    """Fills every table up to its size times `scale`."""
    _add_staff(maker)
    firms = _add_firms(maker, scale)
    _add_people(maker, firms, scale)
    _add_leads(maker, scale)
    _add_deals(maker, firms, scale)
    _add_invoices(maker, firms, scale)


def _missing(maker: Maker, table: str, scale: float) -> int:
    return max(round(SIZES[table] * scale) - len(maker.tables[table]), 0)


def _add_staff(maker: Maker) -> None:
    for _ in range(SIZES["hubspot/owners"]):
        first, last = maker.pick("first"), maker.pick("last")
        address = f"{_slug(first)}.{_slug(last)}@contoso.example"
        maker.add("hubspot/owners", {"email": address, "firstName": first, "lastName": last, "archived": "false"})
        user = {"fullname": f"{first} {last}", "internalemailaddress": address, "isdisabled": "false"}
        maker.add("dynamics/users", {**user, "domainname": address})


def _add_firms(maker: Maker, scale: float) -> list[Firm]:
    hubspot, dynamics = (_missing(maker, table, scale) for table in ("hubspot/companies", "dynamics/accounts"))
    shared = round(min(hubspot, dynamics) * 0.65)
    known = [(True, True)] * shared + [(True, False)] * (hubspot - shared) + [(False, True)] * (dynamics - shared)
    maker.chance.shuffle(known)
    return [_add_firm(maker, in_hubspot=ours, in_dynamics=theirs) for ours, theirs in known]


def _add_firm(maker: Maker, *, in_hubspot: bool, in_dynamics: bool) -> Firm:
    name, domain = _firm_name(maker)
    city, country = maker.pick("city")
    size = str(maker.chance.randrange(3, 4_000))
    industry = maker.chance.choice(_INDUSTRY)
    phone = maker.phone()
    hubspot_id = dynamics_id = None
    if in_hubspot:
        row: Row = {
            "name": name,
            "domain": domain,
            "website": f"https://www.{domain}",
            "city": city,
            "country": country,
        }
        row |= {"phone": f"+{phone}", "numberofemployees": size, "industry": industry[0], "lifecyclestage": "customer"}
        hubspot_id = maker.add("hubspot/companies", _aged(maker, row, ("phone", "numberofemployees", "city")))
    if in_dynamics:
        row = {"name": _respelled(maker, name), "websiteurl": f"https://www.{domain}", "address1_city": city}
        row |= {"address1_country": country, "telephone1": f"+{phone[:2]} {phone[2:4]} {phone[4:]}"}
        row |= {"numberofemployees": size, "industrycode": industry[1], "accountnumber": f"A-{maker.guid_count:05d}"}
        row |= _owner(maker)
        dynamics_id = maker.add("dynamics/accounts", _aged(maker, row, ("telephone1", "address1_city")))
    return Firm(name, domain, city, country, hubspot_id, dynamics_id)


def _firm_name(maker: Maker) -> tuple[str, str]:
    while True:
        stem = f"{maker.pick('name_start')}{maker.pick('name_middle')}"
        domain = f"{_slug(stem)}{maker.chance.choice(('', '-group', '-services', '-plant'))}.{_TLD}"
        if domain not in maker.domains:
            maker.domains.add(domain)
            extra = domain.removesuffix(f".{_TLD}").removeprefix(_slug(stem)).removeprefix("-").title()
            return " ".join(part for part in (stem, extra, maker.pick("name_end")) if part), domain


def _respelled(maker: Maker, name: str) -> str:
    """The name as the other system spells it: mostly the same, sometimes without its legal form, rarely in capitals."""
    turn = maker.chance.random()
    if turn < 0.12:
        return name.rpartition(" ")[0]
    return name.upper() if turn < 0.16 else name


def _add_people(maker: Maker, firms: list[Firm], scale: float) -> None:
    hubspot, dynamics = (_missing(maker, table, scale) for table in ("hubspot/contacts", "dynamics/contacts"))
    shared = round(min(hubspot, dynamics) * 0.6)
    known = [(True, True)] * shared + [(True, False)] * (hubspot - shared) + [(False, True)] * (dynamics - shared)
    maker.chance.shuffle(known)
    for place, (ours, theirs) in enumerate(known):
        _add_person(maker, maker.chance.choice(firms), place, in_hubspot=ours, in_dynamics=theirs)


def _add_person(maker: Maker, firm: Firm, place: int, *, in_hubspot: bool, in_dynamics: bool) -> None:
    first, last, job = maker.pick("first"), maker.pick("last"), maker.pick("job")
    address: str | None = f"{_slug(first)}.{_slug(last)}{place}@{firm.domain}"
    if maker.chance.random() < 0.03 and not (in_hubspot and in_dynamics):
        address = None
    phone, street = maker.phone(), f"{maker.pick('street')} {maker.chance.randrange(1, 120)}"
    if in_hubspot:
        row: Row = {"email": address, "firstname": first, "lastname": last, "jobtitle": job, "city": firm.city}
        row |= {"phone": f"+{phone[:2]} ({phone[2:4]}) {phone[4:]}", "country": firm.country, "address": street}
        row |= {"company": firm.name, "lifecyclestage": _lifecycle(maker), "hs_marketable_status": "false"}
        contact = maker.add("hubspot/contacts", _aged(maker, row, ("jobtitle", "phone", "city", "address")))
        if firm.hubspot_id is not None:
            maker.link(contact, firm.hubspot_id)
    if in_dynamics:
        row = {"emailaddress1": address, "firstname": first, "lastname": last, "jobtitle": job}
        row |= {"address1_city": firm.city, "address1_country": firm.country, "address1_line1": street}
        row |= {
            "telephone1": f"+{phone[:2]} {phone[2:4]} {phone[4:]}",
            "donotbulkemail": "false",
            **_state(maker),
            **_owner(maker),
        }
        if firm.dynamics_id is not None:
            row |= {"_parentcustomerid_value": firm.dynamics_id, "_parentcustomerid_type": "account"}
        maker.add("dynamics/contacts", _aged(maker, row, ("jobtitle", "telephone1", "address1_city", "address1_line1")))


def _aged(maker: Maker, row: Row, fields: tuple[str, ...]) -> Row:
    """The row as time leaves it: some values gone, a few job titles of yesterday."""
    for name in fields:
        turn = maker.chance.random()
        if turn < 0.12:
            row[name] = None
        elif turn < 0.2 and name == "jobtitle":
            row[name] = maker.pick("job")
    return row


def _lifecycle(maker: Maker) -> str:
    stages = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
    return maker.chance.choices(stages, weights=(30, 18, 18, 10, 9, 15))[0]


def _state(maker: Maker) -> Row:
    return {"statecode": "1", "statuscode": "2"} if maker.chance.random() < 0.06 else {}


def _owner(maker: Maker) -> Row:
    user = maker.chance.choice(maker.tables["dynamics/users"])
    return {"_ownerid_value": user["systemuserid"], "_ownerid_type": "systemuser"}


def _add_leads(maker: Maker, scale: float) -> None:
    for place in range(_missing(maker, "dynamics/leads", scale)):
        first, last = maker.pick("first"), maker.pick("last")
        domain = f"{_slug(maker.pick('name_start'))}lead.{_TLD}"
        row: Row = {"firstname": first, "lastname": last, "subject": f"{maker.pick('deal')} inquiry"}
        row |= {
            "emailaddress1": f"{_slug(first)}.{_slug(last)}{place}@{domain}",
            "companyname": maker.pick("name_start"),
        }
        maker.add("dynamics/leads", {**row, **_owner(maker)})


def _add_deals(maker: Maker, firms: list[Firm], scale: float) -> None:
    for _ in range(_missing(maker, "hubspot/deals", scale)):
        firm = maker.chance.choice([one for one in firms if one.hubspot_id])
        row: Row = {
            "dealname": f"{maker.pick('deal')} {firm.name}",
            "amount": str(maker.chance.randrange(5, 900) * 100),
        }
        row |= {
            "dealstage": maker.chance.choice(_STAGES),
            "pipeline": "default",
            "closedate": f"{maker.moment():%Y-%m-%dT00:00:00}.000Z",
        }
        deal = maker.add("hubspot/deals", row)
        maker.associate("deal", deal, "company", to_id=str(firm.hubspot_id), is_primary=True)
    for _ in range(_missing(maker, "dynamics/opportunities", scale)):
        firm = maker.chance.choice([one for one in firms if one.dynamics_id])
        row = {
            "name": f"{maker.pick('deal')} {firm.name}",
            "estimatedvalue": f"{maker.chance.randrange(5, 900) * 100}.00",
        }
        row |= {"estimatedclosedate": f"{maker.moment():%Y-%m-%d}", **_deal_state(maker), **_owner(maker)}
        row |= {"_parentaccountid_value": firm.dynamics_id, "_parentaccountid_type": "account"}
        maker.add("dynamics/opportunities", row)


def _deal_state(maker: Maker) -> Row:
    state, status = maker.chance.choice((("0", "1"), ("0", "1"), ("0", "2"), ("1", "3"), ("2", "4")))
    return {"statecode": state, "statuscode": status}


def _add_invoices(maker: Maker, firms: list[Firm], scale: float) -> None:
    contacts = [row for row in maker.tables["dynamics/contacts"] if row.get("_parentcustomerid_value")]
    accounts = [one for one in firms if one.dynamics_id]
    for place in range(_missing(maker, "dynamics/invoices", scale)):
        row: Row = {"name": f"Invoice {place + 1}", "invoicenumber": f"INV-{place + 1001}"}
        row |= {"totalamount": f"{maker.chance.randrange(50, 90_000)}.{maker.chance.randrange(100):02d}"}
        row |= {"duedate": f"{maker.moment():%Y-%m-%d}", **_owner(maker)}
        if maker.chance.random() < 0.7:
            customer = maker.chance.choice(accounts).dynamics_id, "account"
        else:
            customer = maker.chance.choice(contacts)["contactid"], "contact"
        maker.add("dynamics/invoices", {**row, "_customerid_value": customer[0], "_customerid_type": customer[1]})


def _slug(text: str) -> str:
    plain = text.replace("ß", "ss").replace("ł", "l").replace("ø", "o").replace("ı", "i")
    folded = unicodedata.normalize("NFKD", plain.lower())
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())
