"""The records of the small worlds, with data as unhelpful as it comes.

Records share keys inside their group only, and their ids say which group it is: `group_of` reads it. So a world can be
cut down to one group, and everything about that group stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.laws.dice import Dice, pick, seldom, some

Row = dict[str, str | None]

BLANKS = (None, "", " ", "\u200b", "\u00a0 ")
_BARE_EMAILS = ("a@g.example", "b@g.example", "c@g.example", "d@g.example", "a.g@gmail.com")
_BAD_EMAILS = ("a..b@g.example", "x@g.invalid", "two@g.example;x", "g", "@g.example", "ä@g.example")
_NAMES = ("Acme g", "Bolt g", "Straße g", "  Acme  g", "ACME G", "strasse g", "Bolt\u00a0g", "Acmé g", "ACME\u0301 G")
_DOMAINS = ("g.example", "www.g.example", "https://WWW.g.example/home", " http://two.g.example:8080 ", "two.g.example")
_NO_DOMAINS = ("gmail.com", "intranet", "http://me@www.g.example./#top")
_FILE_RANKS = (None, "0", "1", "2", "3")
_FIRST = ("Al", "al", "Maximilian", " Al ", "Bo", *BLANKS)
_PHONES = ("+49 30 1", "+49(30)1", "call me", "+49 30 2", *BLANKS)
_NUMBERS = ("12", "12.0", "012", "-5", "100.5", "1e3", "1,000", "+7", "x", *BLANKS)
_FLAGS = ("true", "TRUE", "1", "false", "0", "yes", *BLANKS)
_DAYS = ("1980-05-04", "1980-05-04T10:00:00Z", "1980-05-05", "1752-12-31", "soon", *BLANKS)
_MOMENTS = (
    "2026-02-20T10:00:00Z",
    "2026-02-20 10:00:00.5",
    "2026-02-28T23:00:00.000Z",
    "2025-01-01",
    "2026-13-99",
    "never",
    *BLANKS,
)
_TIERS = ("gold", "silver", "trial", "3", "other", *BLANKS)
_TIER_CODES = ("1", "2", "3", "9", *BLANKS)
_HOBBIES = ("chess", "go;chess", " go ; ;golf", "golf", "2;unknown", *BLANKS)
_HOBBY_CODES = ("1", "2,1", "1;2", "3", " 4 ,9", *BLANKS)
_LIFECYCLE = ("subscriber", "lead", "marketingqualifiedlead", "customer", "other", " lead ", "odd", None, "")
_LIFECYCLE_CODES = ("1", "2", "3", "4", *BLANKS)
_STATES = ("0", "0", "0", "1", " 1 ", *BLANKS)
_EXTERNAL = ("g-1", " g-1 ", "G-1", "g-2", *BLANKS)

OWNERS: Sequence[Row] = (
    {"id": "w1", "email": "Ann@firm.example", "archived": "true"},
    {"id": "w2", "email": " ann@firm.example", "archived": "false"},
    {"id": "w3", "email": "bob@firm.example", "archived": None},
    {"id": "w4", "email": None, "archived": None},
    {"id": "w5", "email": "eve@firm.example", "archived": "true"},
)
USERS: Sequence[Row] = (
    {"id": "00000000-0000-4000-8000-0000000000u1", "internalemailaddress": "ann@firm.example", "fullname": " Ann ",
     "isdisabled": "false"},
    {"id": "00000000-0000-4000-8000-0000000000u2", "internalemailaddress": "BOB@firm.example", "fullname": "Bob",
     "isdisabled": "true"},
    {"id": "00000000-0000-4000-8000-0000000000u3", "internalemailaddress": "eve@firm.example", "fullname": "",
     "isdisabled": None},
    {"id": "00000000-0000-4000-8000-0000000000u4", "internalemailaddress": None, "fullname": "No Mail",
     "isdisabled": None},
)  # fmt: skip
_OWNER_IDS = (*(str(row["id"]) for row in OWNERS), " w3 ", "w9", None, "")
_USER_IDS = (*(str(row["id"]) for row in USERS), "nobody", None, " ")


@dataclass
class Records:
    """What is drawn: rows per table in api order, associations, and bindings of an earlier run."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)
    bindings: list[dict[str, str]] = field(default_factory=list)


def draw_records(dice: Dice, groups: int, *, with_bindings: bool) -> Records:
    """So many groups of records."""
    records = Records({"hubspot/owners": [*OWNERS], "dynamics/users": [*USERS]})
    for group in range(groups):
        ids = _draw_group(dice, group, records.tables)
        _draw_links(dice, ids, records.links)
        if with_bindings:
            _draw_bindings(dice, ids, records.bindings)
    return records


def group_of(record_id: str) -> int | None:
    """The group of a record; None for an id that is nobody's, or an owner's."""
    found = re.fullmatch(r"[a-z]([0-9]+)x[0-9]+|[0-9a-f]{8}-([0-9a-f]{4})-4[0-9a-f]{3}-8000-[0-9a-f]{12}", record_id)
    if found is None:
        return None
    return int(found[1]) if found[1] else int(found[2], 16)


def _draw_group(dice: Dice, group: int, tables: dict[str, list[Row]]) -> dict[str, list[str]]:
    name = f"g{group}"
    drawn = {
        "hubspot/contacts": [_contact(dice, name) for _ in range(dice.number(0, 4))],
        "hubspot/companies": [_company(dice, name) for _ in range(dice.number(0, 3))],
        "hubspot/deals": [_deal(dice, name) for _ in range(dice.number(0, 2))],
        "hubspot/invoices": [_invoice(dice, name) for _ in range(dice.number(0, 1))],
        "dynamics/contacts": [_dynamics_contact(dice, name) for _ in range(dice.number(0, 4))],
        "dynamics/accounts": [_account(dice, name) for _ in range(dice.number(0, 3))],
        "dynamics/leads": [_dynamics_person(dice, name) for _ in range(dice.number(0, 3))],
        "dynamics/opportunities": [_opportunity(dice, name) for _ in range(dice.number(0, 2))],
        "dynamics/invoices": [_dynamics_invoice(dice, name) for _ in range(dice.number(0, 1))],
    }
    ids = {table: _number(tables, table, rows, group) for table, rows in drawn.items()}
    _draw_lookups(dice, drawn, ids)
    return ids


_LETTERS = {
    "hubspot/contacts": "h",
    "hubspot/companies": "k",
    "hubspot/deals": "e",
    "hubspot/invoices": "v",
    "dynamics/contacts": "d",
    "dynamics/accounts": "a",
    "dynamics/leads": "1",
    "dynamics/opportunities": "0",
    "dynamics/invoices": "f",
}


def _number(tables: dict[str, list[Row]], name: str, rows: list[Row], group: int) -> list[str]:
    letter, is_hubspot = _LETTERS[name], name.startswith("hubspot/")
    for place, row in enumerate(rows):
        row["file_rank"] = _FILE_RANKS[(group * 7 + place * 3) % len(_FILE_RANKS)]
        row["id"] = f"{letter}{group}x{place}" if is_hubspot else _guid(letter, group, place)
    tables.setdefault(name, []).extend(rows)
    return [str(row["id"]) for row in rows]


def _guid(letter: str, group: int, place: int) -> str:
    """A GUID whose order is not the order of the file, the same for the same place of the same group."""
    mixed = (group * 7_919 + place * 6_151 + 3) % 10_007
    return f"{mixed:08x}-{group:04x}-4{place:03x}-8000-{letter * 6}{mixed * 31 % 4_099:06x}"


def _draw_lookups(dice: Dice, drawn: Mapping[str, list[Row]], ids: Mapping[str, list[str]]) -> None:
    accounts = [*ids["dynamics/accounts"] * 3, "nowhere", None]
    people = [*ids["dynamics/contacts"] * 3, "nobody", None]
    parents = [(row, "parentcustomerid") for row in drawn["dynamics/contacts"]]
    customers = [(row, "customerid") for name in ("invoices", "opportunities") for row in drawn[f"dynamics/{name}"]]
    for row, name in parents + customers:
        type_ = pick(dice, ["account", "account", "account", "contact", "contact", None])
        row[f"_{name}_value"] = pick(dice, people if type_ == "contact" else accounts)
        row[f"_{name}_type"] = type_
    for row in drawn["dynamics/opportunities"]:
        row["_parentaccountid_value"] = pick(dice, accounts)
        row["_parentcontactid_value"] = pick(dice, people)


def _draw_links(dice: Dice, ids: Mapping[str, list[str]], links: list[dict[str, Any]]) -> None:
    companies, contacts = [*ids["hubspot/companies"] * 3, "gone"], [*ids["hubspot/contacts"] * 3, "gone"]
    for contact in [*ids["hubspot/contacts"], *some(dice, ["gone"], 1)]:
        primary = pick(dice, [None, *companies])
        for one in sorted(filter(None, {*some(dice, companies, 2), primary})):
            links.append(_link("contact", contact, "company", to_id=one, is_primary=one == primary))
            if seldom(dice, 6):
                links.append(_link("contact", contact, "company", to_id=one, is_primary=False, label="Partner"))
    for object_, table in (("deal", "hubspot/deals"), ("invoice", "hubspot/invoices")):
        for one in ids[table]:
            links.append(
                _link(object_, one, "company", to_id=pick(dice, companies), is_primary=bool(dice.number(0, 1)))
            )
            links.append(_link(object_, one, "contact", to_id=pick(dice, contacts), is_primary=False))


def _link(
    from_object: str, from_id: str, to_object: str, *, to_id: Any, is_primary: bool, label: str | None = None
) -> dict[str, Any]:
    return {
        "from_object": from_object,
        "from_id": from_id,
        "to_object": to_object,
        "to_id": to_id,
        "label": label,
        "is_primary": is_primary,
    }


BINDABLE = {
    "contact": ("hubspot/contacts", "dynamics/contacts"),
    "company": ("hubspot/companies", "dynamics/accounts"),
    "lead": ("hubspot/contacts", "dynamics/leads"),
    "deal": ("hubspot/deals", "dynamics/opportunities"),
    "invoice": ("hubspot/invoices", "dynamics/invoices"),
}


def _draw_bindings(dice: Dice, ids: Mapping[str, list[str]], bindings: list[dict[str, str]]) -> None:
    """Some pairs of an earlier run; now and then one record in two of them, or one that is gone."""
    for object_, (hubspot, dynamics) in BINDABLE.items():
        for _ in range(dice.number(0, 2)):
            if seldom(dice, 2):
                ends = (pick(dice, [*ids[hubspot], "gone"]), pick(dice, [*ids[dynamics], "gone"]))
                row = {"object": object_, "hubspot_id": ends[0], "dynamics_id": ends[1]}
                if row not in bindings:
                    bindings.append(row)


# ---------------------------------------------------------------------------------------------------------------
# One record each
# ---------------------------------------------------------------------------------------------------------------


def _email(dice: Dice, group: str) -> str | None:
    kind = dice.number(0, 9)
    if kind == 0:
        return pick(dice, BLANKS)
    if kind == 1:
        return pick(dice, _BAD_EMAILS).replace("g", group)
    plain = _named(pick(dice, _BARE_EMAILS), group)
    return pick(dice, (plain, plain, plain, plain.upper(), f" {plain}\u200b", plain.replace("a", "ａ", 1)))


def _named(text: str, group: str) -> str:
    """The text with the group's name in it; the domain of free mail keeps its own."""
    return text.replace(".g@", f".{group}@") if text.endswith("gmail.com") else text.replace("g", group)


def _external(dice: Dice, group: str) -> str | None:
    text = pick(dice, _EXTERNAL)
    return text and text.replace("g-", f"{group}-").replace("G-", f"{group.upper()}-")


def _contact(dice: Dice, group: str) -> Row:
    additional = ";".join(_named(one, group) for one in some(dice, _BARE_EMAILS, 2))
    return {
        "email": _email(dice, group),
        "hs_additional_emails": pick(dice, [additional, f" {additional.upper()};", None]),
        "firstname": pick(dice, _FIRST),
        "lastname": pick(dice, ("Xu", "Featherstone", *BLANKS)),
        "phone": pick(dice, _PHONES),
        "tier": pick(dice, _TIERS),
        "hobbies": pick(dice, _HOBBIES),
        "score": pick(dice, _NUMBERS),
        "agreed": pick(dice, _FLAGS),
        "birthday": pick(dice, _DAYS),
        "seen": pick(dice, _MOMENTS),
        "note": pick(dice, ("1", "true", "12", "1980-05-04", "Ann", "chess", *BLANKS)),
        "fixed": pick(dice, ("x", "true", *BLANKS)),
        "ext": _external(dice, group),
        "website": _domain(dice, group, *_NO_DOMAINS),
        "lifecyclestage": pick(dice, _LIFECYCLE),
        "hubspot_owner_id": pick(dice, _OWNER_IDS),
        "createdate": pick(dice, _MOMENTS),
        "lastmodifieddate": pick(dice, _MOMENTS),
    }


def _dynamics_person(dice: Dice, group: str) -> Row:
    return {
        "emailaddress1": _email(dice, group),
        "firstname": pick(dice, _FIRST),
        "lastname": pick(dice, ("Xu", "Li", *BLANKS)),
        "tiercode": pick(dice, _TIER_CODES),
        "hobbycodes": pick(dice, _HOBBY_CODES),
        "stagecode": pick(dice, _LIFECYCLE_CODES),
        "extid": _external(dice, group),
        "agreed": pick(dice, _FLAGS),
        **_owned(dice),
        **_dynamics_times(dice),
    }


def _owned(dice: Dice) -> Row:
    return {"_ownerid_value": pick(dice, _USER_IDS), "_ownerid_type": pick(dice, ("systemuser", "systemuser", "team"))}


def _dynamics_times(dice: Dice) -> Row:
    return {
        "statecode": pick(dice, _STATES),
        "createdon": pick(dice, _MOMENTS),
        "modifiedon": pick(dice, _MOMENTS),
    }


def _hubspot_times(dice: Dice) -> Row:
    return {"createdate": pick(dice, _MOMENTS), "hs_lastmodifieddate": pick(dice, _MOMENTS)}


def _dynamics_contact(dice: Dice, group: str) -> Row:
    return {
        **_dynamics_person(dice, group),
        "emailaddress2": _email(dice, group),
        "telephone1": pick(dice, _PHONES),
        "websiteurl": _domain(dice, group, *_NO_DOMAINS),
        "score": pick(dice, _NUMBERS),
        "birthdate": pick(dice, _DAYS),
        "seen": pick(dice, _MOMENTS),
        "fixed": pick(dice, ("x", "true", *BLANKS)),
    }


def _named_company(dice: Dice, group: str, domain_field: str) -> Row:
    name = pick(dice, (*_NAMES, *_NAMES, *BLANKS))
    return {
        "name": name and name.replace("G", group.upper()).replace("g", group),
        domain_field: _domain(dice, group),
        "city": pick(dice, ("Ulm", "ulm", "Castrop-Rauxel", *BLANKS)),
        "size": pick(dice, _NUMBERS),
    }


def _domain(dice: Dice, group: str, *others: str) -> str | None:
    domain = pick(dice, (*_DOMAINS, *_DOMAINS, *BLANKS, *others))
    return domain and domain.replace("g.example", f"{group}.example")


def _company(dice: Dice, group: str) -> Row:
    more = "; ".join(some(dice, (*_DOMAINS, "new.example", ""), 2))
    own = {
        "ext": _external(dice, group),
        "lifecyclestage": pick(dice, _LIFECYCLE),
        "hs_additional_domains": more.replace("g.example", f"{group}.example") or None,
    }
    return {**_named_company(dice, group, "domain"), **own, **_hubspot_times(dice)}


def _account(dice: Dice, group: str) -> Row:
    own = {"extid": _external(dice, group), "stagecode": pick(dice, _LIFECYCLE_CODES)}
    return {**_named_company(dice, group, "websiteurl"), **own, **_dynamics_times(dice)}


def _deal(dice: Dice, group: str) -> Row:
    return {
        "dealname": pick(dice, ("Deal", "A long deal", *BLANKS)),
        "dealstage": pick(dice, ("won", "open", " open ", "lost", None)),
        "amount": pick(dice, _NUMBERS),
        "ext": _external(dice, group),
        "hubspot_owner_id": pick(dice, _OWNER_IDS),
        **_hubspot_times(dice),
    }


def _opportunity(dice: Dice, group: str) -> Row:
    return {
        "name": pick(dice, ("Deal", "Other", *BLANKS)),
        "statuscode": pick(dice, ("1", "3", " 3 ", "4", None)),
        "amount": pick(dice, _NUMBERS),
        "extid": _external(dice, group),
        **_owned(dice),
        **_dynamics_times(dice),
    }


def _invoice(dice: Dice, group: str) -> Row:
    return {
        "hs_number": pick(dice, ("R-1", "R-1000000", *BLANKS)),
        "ext": _external(dice, group),
        "total": pick(dice, _NUMBERS),
        **_hubspot_times(dice),
    }


def _dynamics_invoice(dice: Dice, group: str) -> Row:
    return {
        "name": pick(dice, ("R-1", "R-2", *BLANKS)),
        "extid": _external(dice, group),
        "total": pick(dice, _NUMBERS),
        **_dynamics_times(dice),
    }
