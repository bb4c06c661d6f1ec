"""The companies of the crowd: HubSpot's companies and Dynamics' accounts, about two in three known to both.

Facts
    * The two records of a company differ as they do in real portals: a legal form spelled out, a branch of the same
      name, an empty field, a date moved by a time zone, a country as code.

Where it is used: `emulator.world.crowd`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from dynsync_lib.emulator.world.metadata import read_data
from dynsync_lib.emulator.world.record_maker import WORDS, Maker, Row, age, slug

PLACES: Final[tuple[Mapping[str, Any], ...]] = tuple(read_data("places.toml")["place"])
_TERMS: Final = (("net_30", "1"), ("net_60", "4"), (None, None), ("net_15", None), (None, "3"))
_SHARED, _BRANCHES, _TWINS = 0.66, 0.04, 0.02


@dataclass(frozen=True, slots=True)
class Firm:
    """One company as both portals may know it. Its id is None for a portal that does not know it."""

    name: str
    domain: str
    town: Mapping[str, Any]
    phone: str
    street: str
    zip: str
    hubspot_id: str | None = None
    dynamics_id: str | None = None


def add_firms(maker: Maker, *, hubspot: int, dynamics: int) -> list[Firm]:
    """Adds companies to HubSpot and accounts to Dynamics, this many each, and gives the companies behind them."""
    branches, twins = round(dynamics * _BRANCHES), round(hubspot * _TWINS)
    shared = round(min(hubspot, dynamics) * _SHARED)
    kinds = ["both"] * shared + ["hubspot"] * (hubspot - shared - twins) + ["twin"] * twins
    kinds += ["dynamics"] * (dynamics - shared - branches) + ["branch"] * branches
    maker.chance.shuffle(kinds)
    firms: list[Firm] = []
    for kind in kinds:
        firms.append(_add_firm(maker, _firm_of(maker, kind, firms), kind))
    return firms


def street(maker: Maker, town: Mapping[str, Any]) -> str:
    """An invented street with number, in the language of the town's country."""
    return f"{maker.chance.choice(WORDS['streets'][town['country']])} {maker.chance.randrange(1, 120)}"


def spelled(maker: Maker, phone: str, *, tidy: bool) -> str:
    """A telephone number in one of the spellings that people use: only international ones when `tidy`."""
    country, *rest = phone.split(" ")
    national = " ".join(rest) if country == "+1" else f"0{' '.join(rest)}"
    spellings = [phone, phone.replace(" ", ""), f"{country} ({rest[0]}) {'-'.join(rest[1:])}"]
    return maker.chance.choice(spellings if tidy else [*spellings, national])


def _firm_of(maker: Maker, kind: str, firms: list[Firm]) -> Firm:
    """A new company, or another address of an existing one: branches and twins share its name."""
    side = {"branch": "dynamics_id", "twin": "hubspot_id"}.get(kind)
    known = [firm for firm in firms if side is not None and getattr(firm, side) is not None]
    town = maker.chance.choice(PLACES)
    here: dict[str, Any] = {
        "town": town,
        "street": street(maker, town),
        "zip": maker.digits(town["zip"]),
        "phone": maker.digits(town["phone"]),
    }
    if known:
        return replace(maker.chance.choice(known), **here)
    name, domain = _new_name(maker, town["country"])
    return Firm(name, domain, **here)


def _new_name(maker: Maker, country: str) -> tuple[str, str]:
    while True:
        brand, trade = f"{maker.pick('brand_start')}{maker.pick('brand_end')}", maker.pick("trade")
        domain = f"{slug(brand)}.example"
        if domain in maker.taken:
            domain = f"{slug(brand)}-{slug(trade)}.example"
        if domain not in maker.taken:
            maker.taken.add(domain)
            return f"{brand} {trade} {maker.chance.choice(WORDS['legal_forms'][country])}", domain


def _add_firm(maker: Maker, firm: Firm, kind: str) -> Firm:
    tidy = maker.happens(0.45)
    facts = _facts(maker)
    parent = firm.dynamics_id if kind == "branch" else None
    hubspot_id = dynamics_id = None
    if kind in ("both", "hubspot", "twin"):
        row = _company_row(maker, firm, facts, tidy=tidy)
        hubspot_id = maker.add("hubspot/companies", row if tidy else _aged_company(maker, row))
    if kind in ("both", "dynamics", "branch"):
        row = _account_row(maker, firm, facts, tidy=tidy, respell=kind == "both") | _parent(parent)
        dynamics_id = maker.add("dynamics/accounts", row if tidy else _aged_account(maker, row))
    return replace(firm, hubspot_id=hubspot_id, dynamics_id=dynamics_id)


def _facts(maker: Maker) -> Row:
    industry, _, code = maker.pick("industry").partition("=")
    terms, terms_code = maker.chance.choice(_TERMS)
    since = maker.moment() if maker.happens(0.5) else None
    return {
        "size": str(maker.chance.randrange(3, 4_000)),
        "revenue": str(maker.chance.randrange(2, 900) * 50_000),
        "industry": industry or None,
        "industry_code": code or None,
        "terms": terms,
        "terms_code": terms_code,
        "since": f"{since:%Y-%m-%d}" if since else None,
    }


def _company_row(maker: Maker, firm: Firm, facts: Row, *, tidy: bool) -> Row:
    town = firm.town
    return {
        "name": firm.name,
        "domain": firm.domain,
        "website": f"https://www.{firm.domain}",
        "phone": spelled(maker, firm.phone, tidy=tidy),
        "address": firm.street,
        "city": town["city"],
        "state": town["state"],
        "zip": firm.zip,
        "country": town["country"],
        "numberofemployees": facts["size"],
        "annualrevenue": facts["revenue"],
        "industry": facts["industry"],
        "payment_terms": facts["terms"],
        "customer_since": facts["since"],
        "account_number": f"A-{maker.guid_count:05d}" if maker.happens(0.3) else None,
        "lifecyclestage": maker.chance.choice(("lead", "opportunity", "customer", "customer")),
        "hubspot_owner_id": maker.one_of("hubspot/owners", "id"),
    }


def _account_row(maker: Maker, firm: Firm, facts: Row, *, tidy: bool, respell: bool) -> Row:
    town = firm.town
    return {
        "name": _respelled(maker, firm.name) if respell else firm.name,
        "accountnumber": f"A-{maker.guid_count:05d}",
        "websiteurl": f"https://www.{firm.domain}",
        "telephone1": spelled(maker, firm.phone, tidy=tidy),
        "address1_line1": firm.street,
        "address1_city": town["city"],
        "address1_stateorprovince": town["state"],
        "address1_postalcode": firm.zip,
        "address1_country": town["country"] if tidy or maker.happens(0.7) else town["code"],
        "numberofemployees": facts["size"],
        "revenue": f"{facts['revenue']}.0000",
        "industrycode": facts["industry_code"],
        "paymenttermscode": facts["terms_code"],
        "new_customersince": f"{facts['since']}T00:00:00Z" if facts["since"] else None,
        "donotbulkemail": "false",
        **({} if tidy or maker.happens(0.94) else {"statecode": "1", "statuscode": "2"}),
        "_ownerid_value": maker.one_of("dynamics/users", "systemuserid"),
        "_ownerid_type": "systemuser",
    }


def _parent(account: str | None) -> Row:
    return {} if account is None else {"_parentaccountid_value": account, "_parentaccountid_type": "account"}


def _aged_company(maker: Maker, row: Row) -> Row:
    if maker.happens(0.2):
        row["numberofemployees"] = str(maker.chance.randrange(3, 4_000))
    return age(maker, row, ("phone", "address", "state", "zip", "numberofemployees", "annualrevenue"), blank=0.12)


def _aged_account(maker: Maker, row: Row) -> Row:
    if row["new_customersince"] is not None and maker.happens(0.2):
        evening = datetime.fromisoformat(row["new_customersince"]) - timedelta(hours=1)
        row["new_customersince"] = f"{evening:%Y-%m-%dT%H:%M:%SZ}"
    return age(maker, row, ("telephone1", "address1_line1", "address1_postalcode", "revenue", "websiteurl"), blank=0.12)


def _respelled(maker: Maker, name: str) -> str:
    """The name as the other system spells it: mostly the same, sometimes with another legal form or none."""
    form = next(form for form in _longest_forms() if name.endswith(f" {form}"))
    bare = name.removesuffix(f" {form}")
    other = f"{bare} {WORDS['other_forms'].get(form, form)}"
    spellings = (name, bare, other, name.upper(), name.replace(" ", "  ", 1), f"{name} ", _mistyped(maker, name))
    return maker.chance.choices(spellings, weights=(76, 7, 6, 4, 3, 2, 2))[0]


def _longest_forms() -> list[str]:
    return sorted((form for forms in WORDS["legal_forms"].values() for form in forms), key=len, reverse=True)


def _mistyped(maker: Maker, name: str) -> str:
    index = maker.chance.randrange(2, 5)
    return name[:index] + name[index + 1] + name[index] + name[index + 2 :]
