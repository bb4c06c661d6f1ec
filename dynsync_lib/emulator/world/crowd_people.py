"""The contacts of the crowd: people of both portals, about six in ten of HubSpot's known to Dynamics, too.

Facts
    * The two records of a person differ as they do in real portals: another spelling of a telephone number, an old job
      title or address, an empty field; about two pairs in five are equal.
    * Some people are in Dynamics twice, share a mailbox, or have no address or a note instead of one.

Where it is used: `emulator.world.crowd`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from dynsync_lib.emulator.world.crowd_companies import Firm, spelled, street
from dynsync_lib.emulator.world.record_maker import Maker, Name, Row, age, crowd_contacts

_SHARED, _TWICE, _MAILBOX = 0.6, 0.03, 0.01
_TIERS: Final = (("gold", "100000000"), ("silver", "100000001"), ("bronze", "100000002"), ("trial", None), (None, None))
_STAGES: Final = {
    "subscriber": 26,
    "lead": 16,
    "marketingqualifiedlead": 20,
    "salesqualifiedlead": 12,
    "opportunity": 10,
    "customer": 16,
}
_LEAD_STATUSES: Final = ("NEW", "OPEN", "IN_PROGRESS", "CONNECTED", None, None)


@dataclass(frozen=True, slots=True)
class Person:
    """One person as both portals may know them."""

    name: Name
    address: str | None
    firm: Firm
    facts: Row
    is_tidy: bool


def people_steps(maker: Maker, firms: list[Firm], *, hubspot: int, dynamics: int) -> list[Callable[[], None]]:
    """One function for each person to add, in mixed order, so that planted records can be made in between."""
    shared = round(min(hubspot, dynamics) * _SHARED)
    twice, mailbox = round(dynamics * _TWICE), round(dynamics * _MAILBOX)
    kinds = ["both"] * shared + ["hubspot"] * (hubspot - shared)
    kinds += ["dynamics"] * (dynamics - shared - twice - mailbox) + ["twice"] * twice + ["mailbox"] * mailbox
    maker.chance.shuffle(kinds)
    return [partial(_add_person, maker, firms, kind, number) for number, kind in enumerate(kinds)]


def _add_person(maker: Maker, firms: list[Firm], kind: str, number: int) -> None:
    person = _person(maker, maker.chance.choice(firms), kind, number)
    if kind in ("both", "hubspot"):
        _add_to_hubspot(maker, person, firms, is_shared=kind == "both")
    if kind != "hubspot":
        _add_to_dynamics(maker, person, firms, is_shared=kind == "both")


def _person(maker: Maker, firm: Firm, kind: str, number: int) -> Person:
    name = maker.name()
    address: str | None = f"{name.slug}{number}@{firm.domain}"
    if kind == "mailbox":
        address = f"{maker.chance.choice(('info', 'sales', 'office'))}@{firm.domain}"
    elif kind == "twice":
        address = _taken_address(maker) or address
    elif kind != "both" and maker.happens(0.04):
        address = _no_address(maker, name, firm) if kind == "dynamics" else None
    return Person(name, address, firm, _facts(maker, firm), maker.happens(0.5))


def _taken_address(maker: Maker) -> str | None:
    """The address of a crowd contact that Dynamics already has, in one of the spellings that people use; None if there
    is none."""
    known = crowd_contacts(maker)[-200:]
    address = maker.chance.choice(known)["emailaddress1"] if known else None
    if address is None:
        return None
    return maker.chance.choice((address, address, address.upper(), f"{address} ", f"{address}\u200b"))


def _no_address(maker: Maker, name: Name, firm: Firm) -> str | None:
    brand = firm.domain.partition(".")[0]
    notes = (f"{name.slug}(at){firm.domain}", f"{name.slug}@{brand}", f"{name.slug}@@{firm.domain}", "n/a")
    return maker.chance.choice((None, None, None, *notes))


def _facts(maker: Maker, firm: Firm) -> Row:
    tier, tier_code = maker.chance.choice(_TIERS)
    visit = maker.moment()
    return {
        "job": maker.pick("job"),
        "phone": maker.digits(firm.town["phone"]),
        "mobile": maker.digits(firm.town["mobile"]) if "mobile" in firm.town and maker.happens(0.6) else None,
        "street": firm.street if maker.happens(0.8) else street(maker, firm.town),
        "birthday": _birthday(maker) if maker.happens(0.3) else None,
        "tier": tier,
        "tier_code": tier_code,
        "letters": str(maker.chance.randrange(60)),
        "visit": f"{visit:%Y-%m-%dT%H:%M:%S}" if maker.happens(0.4) else None,
        "no_mail": maker.chance.choice(("true", "false", "false", "false", None)),
        "score": str(maker.chance.randrange(100)) if maker.happens(0.5) else None,
        "interests": maker.chance.choice((None, None, "events", "events;training", "support")),
    }


def _birthday(maker: Maker) -> str:
    year, month, day = maker.chance.randrange(1950, 2003), maker.chance.randrange(1, 13), maker.chance.randrange(1, 29)
    return f"{year}-{month:02d}-{day:02d}"


def _add_to_hubspot(maker: Maker, person: Person, firms: list[Firm], *, is_shared: bool) -> None:
    row = _hubspot_row(maker, person)
    if not (is_shared and person.is_tidy):
        row = _aged(maker, row, "jobtitle", ("jobtitle", "phone", "mobilephone", "address", "city", "birthday"))
    contact = maker.add("hubspot/contacts", row)
    if person.firm.hubspot_id is not None and maker.happens(0.95):
        maker.associate("contact", contact, "company", to_id=person.firm.hubspot_id, is_primary=True)
        if maker.happens(0.08):
            _associate_second(maker, contact, person.firm, firms)


def _associate_second(maker: Maker, contact: str, firm: Firm, firms: list[Firm]) -> None:
    others = [other.hubspot_id for other in firms if other.hubspot_id not in (None, firm.hubspot_id)]
    if others:
        label = maker.chance.choice((None, "Board member", "Consultant"))
        maker.associate("contact", contact, "company", to_id=str(maker.chance.choice(others)), label=label)


def _hubspot_row(maker: Maker, person: Person) -> Row:
    firm, facts = person.firm, person.facts
    return {
        "email": person.address,
        "firstname": person.name.first,
        "lastname": person.name.last,
        "jobtitle": facts["job"],
        "phone": spelled(maker, str(facts["phone"]), tidy=person.is_tidy),
        "mobilephone": facts["mobile"],
        "company": firm.name,
        "address": facts["street"],
        "city": firm.town["city"],
        "state": firm.town["state"],
        "zip": firm.zip,
        "country": firm.town["country"],
        "website": f"https://www.{firm.domain}",
        "birthday": facts["birthday"],
        "customer_tier": facts["tier"],
        "newsletter_count": facts["letters"],
        "last_visit": f"{facts['visit']}.000Z" if facts["visit"] else None,
        "no_bulk_mail": facts["no_mail"],
        "lead_score": facts["score"],
        "interests": facts["interests"],
        "lifecyclestage": maker.chance.choices(list(_STAGES), weights=list(_STAGES.values()))[0],
        "hs_lead_status": maker.chance.choice(_LEAD_STATUSES),
        "hs_marketable_status": "true" if maker.happens(0.78) else "false",
        "hs_email_optout": "true" if maker.happens(0.06) else None,
        "preferred_language": maker.chance.choice(("de", "en", "fr", None)),
        "hubspot_owner_id": maker.one_of("hubspot/owners", "id"),
    } | _old_address(maker, person)


def _old_address(maker: Maker, person: Person) -> Row:
    """For one person in sixteen a new address in HubSpot, perhaps with the old one as an additional one; else empty."""
    if person.address is None or not maker.happens(0.06):
        return {}
    local, _, domain = person.address.partition("@")
    return {
        "email": f"{local}.new@{domain}",
        "hs_additional_emails": person.address if maker.happens(0.6) else None,
    }


def _add_to_dynamics(maker: Maker, person: Person, firms: list[Firm], *, is_shared: bool) -> None:
    row = _dynamics_row(maker, person)
    if not (is_shared and person.is_tidy):
        fields = ("jobtitle", "telephone1", "mobilephone", "address1_line1", "address1_city", "birthdate")
        row = _aged(maker, row, "jobtitle", fields)
        row["address1_country"] = person.firm.town["country" if maker.happens(0.75) else "code"]
        if maker.happens(0.3):
            row["new_newslettercount"] = str(maker.chance.randrange(60))
        if maker.happens(0.06):
            row |= {"statecode": "1", "statuscode": "2"}
    account = person.firm.dynamics_id
    if maker.happens(0.05):
        account = maker.chance.choice(firms).dynamics_id
    if account is not None:
        row |= {"_parentcustomerid_value": account, "_parentcustomerid_type": "account"}
        row |= {"_accountid_value": account, "_accountid_type": "account"}
    maker.add("dynamics/contacts", row)


def _dynamics_row(maker: Maker, person: Person) -> Row:
    firm, facts = person.firm, person.facts
    return {
        "emailaddress1": person.address,
        "firstname": person.name.first,
        "lastname": person.name.last,
        "jobtitle": facts["job"],
        "telephone1": spelled(maker, str(facts["phone"]), tidy=person.is_tidy),
        "mobilephone": facts["mobile"],
        "address1_line1": facts["street"],
        "address1_city": firm.town["city"],
        "address1_stateorprovince": firm.town["state"],
        "address1_postalcode": firm.zip,
        "address1_country": firm.town["country"],
        "websiteurl": f"https://www.{firm.domain}",
        "birthdate": facts["birthday"],
        "new_customertier": facts["tier_code"],
        "new_newslettercount": facts["letters"],
        "new_lastvisit": f"{facts['visit']}Z" if facts["visit"] else None,
        "donotbulkemail": facts["no_mail"],
        "donotemail": "true" if maker.happens(0.03) else "false",
        "new_hubspotscore": facts["score"],
        "new_interestlist": facts["interests"],
        "creditlimit": f"{maker.chance.randrange(1, 40) * 500}.0000" if maker.happens(0.05) else None,
        "preferredcontactmethodcode": "1",
        "department": maker.pick("department") if maker.happens(0.4) else None,
        "_ownerid_value": maker.one_of("dynamics/users", "systemuserid"),
        "_ownerid_type": "systemuser",
    }


def _aged(maker: Maker, row: Row, job: str, fields: tuple[str, ...]) -> Row:
    """The row as years of use leave it: some values are gone, the job title may be an old one."""
    if maker.happens(0.15):
        row[job] = maker.pick("job")
    return age(maker, row, fields, blank=0.1)
