"""The leads, deals and invoices of the crowd.

Facts
    * One lead in six has the address of a contact, as in every CRM where leads are qualified (2.22).
    * Most invoices are billed to an account, the rest to a contact.

Where it is used: `emulator.world.crowd`.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.emulator.world.crowd_companies import Firm
from dynsync_lib.emulator.world.record_maker import Maker, Row, crowd_contacts, slug

_STAGES: Final = ("appointmentscheduled", "contractsent", "closedwon", "closedwon", "qualifiedtobuy", "closedlost")
_DEAL_STATES: Final = (("0", "1"), ("0", "1"), ("0", "2"), ("1", "3"), ("2", "4"))
_LEAD_STATES: Final = (("0", "1"), ("0", "1"), ("0", "2"), ("1", "3"), ("2", "5"))
_INVOICE_STATES: Final = (("0", "1"), ("0", "1"), ("2", "100001"), ("3", "100003"))


def add_leads(maker: Maker, *, leads: int) -> None:
    """Adds this many leads to Dynamics."""
    known = crowd_contacts(maker)
    for number in range(leads):
        name, company = maker.name(), f"{maker.pick('brand_start')}{maker.pick('brand_end')}"
        address: str | None = f"{name.slug}{number}@{slug(company)}-lead.example"
        if known and maker.happens(0.16):
            address = maker.chance.choice(known)["emailaddress1"] or address
        row: Row = {
            "firstname": name.first,
            "lastname": name.last,
            "jobtitle": maker.pick("job"),
            "subject": maker.pick("lead"),
            "emailaddress1": address,
            "companyname": company,
            "telephone1": maker.digits("+44 20 7946 0###") if maker.happens(0.5) else None,
        }
        maker.add("dynamics/leads", {**row, **_state(maker, _LEAD_STATES), **_owner(maker)})


def add_deals(maker: Maker, firms: list[Firm], *, deals: int) -> None:
    """Adds this many deals to HubSpot, each with a company and perhaps a contact of it."""
    known = [firm for firm in firms if firm.hubspot_id]
    contacts = _contacts_by_company(maker)
    for _ in range(deals if known else 0):
        firm = maker.chance.choice(known)
        row: Row = {
            "dealname": f"{maker.pick('deal')} {firm.name}",
            "amount": str(maker.chance.randrange(5, 900) * 100) if maker.happens(0.95) else None,
            "dealstage": maker.chance.choice(_STAGES),
            "pipeline": "default",
            "closedate": f"{maker.moment():%Y-%m-%dT%H:%M:%S}.000Z",
            "hubspot_owner_id": maker.one_of("hubspot/owners", "id"),
        }
        deal = maker.add("hubspot/deals", row)
        maker.associate("deal", deal, "company", to_id=str(firm.hubspot_id), is_primary=True)
        people = contacts.get(str(firm.hubspot_id))
        if people and maker.happens(0.7):
            maker.associate("deal", deal, "contact", to_id=maker.chance.choice(people))


def add_opportunities(maker: Maker, firms: list[Firm], *, opportunities: int) -> None:
    """Adds this many opportunities to Dynamics, most with an account, some with a contact."""
    known, people = [firm for firm in firms if firm.dynamics_id], crowd_contacts(maker)
    for _ in range(opportunities if known else 0):
        firm = maker.chance.choice(known)
        row: Row = {
            "name": f"{maker.pick('deal')} {firm.name}",
            "estimatedvalue": f"{maker.chance.randrange(5, 900) * 100}.0000",
            "estimatedclosedate": f"{maker.moment():%Y-%m-%d}",
            "closeprobability": str(maker.chance.randrange(0, 101, 10)),
            **_state(maker, _DEAL_STATES),
            **_owner(maker),
        }
        if maker.happens(0.9):
            row |= {"_parentaccountid_value": firm.dynamics_id, "_parentaccountid_type": "account"}
        if people and maker.happens(0.5):
            row |= {"_parentcontactid_value": maker.chance.choice(people)["contactid"]}
            row |= {"_parentcontactid_type": "contact"}
        maker.add("dynamics/opportunities", row)


def add_invoices(maker: Maker, firms: list[Firm], *, invoices: int) -> None:
    """Adds this many invoices to Dynamics, two in three billed to an account, the rest to a contact."""
    known, people = [firm for firm in firms if firm.dynamics_id], crowd_contacts(maker)
    for number in range(invoices if known else 0):
        to_account = not people or maker.happens(0.66)
        customer = maker.chance.choice(known).dynamics_id if to_account else maker.chance.choice(people)["contactid"]
        row: Row = {
            "name": f"{maker.pick('deal')} {2024 + number % 3}",
            "invoicenumber": f"INV-{number + 1001}",
            "totalamount": f"{maker.chance.randrange(50, 90_000)}.{maker.chance.randrange(100):02d}00",
            "duedate": f"{maker.moment():%Y-%m-%d}",
            "_customerid_value": customer,
            "_customerid_type": "account" if to_account else "contact",
        }
        maker.add("dynamics/invoices", {**row, **_state(maker, _INVOICE_STATES), **_owner(maker)})


def choose_primary_contacts(maker: Maker) -> None:
    """Gives most accounts one of their contacts as the primary one."""
    contacts = {row.get("_accountid_value"): row["contactid"] for row in maker.tables["dynamics/contacts"]}
    for row in maker.tables["dynamics/accounts"]:
        contact = contacts.get(row["accountid"])
        if contact is not None and maker.happens(0.8):
            row |= {"_primarycontactid_value": contact, "_primarycontactid_type": "contact"}


def _contacts_by_company(maker: Maker) -> dict[str, list[str]]:
    contacts: dict[str, list[str]] = {}
    for row in maker.tables["hubspot/links"]:
        if row["contact_id"] is not None:
            contacts.setdefault(str(row["company_id"]), []).append(row["contact_id"])
    return contacts


def _state(maker: Maker, states: tuple[tuple[str, str], ...]) -> Row:
    state, status = maker.chance.choice(states)
    return {"statecode": state, "statuscode": status}


def _owner(maker: Maker) -> Row:
    return {"_ownerid_value": maker.one_of("dynamics/users", "systemuserid"), "_ownerid_type": "systemuser"}
