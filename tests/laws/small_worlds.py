"""Random small worlds: a few groups of records that share keys inside their group only, under one random engagement.

Several groups travel in one world, because asking an engine about one group costs as much as asking about ten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from dynsync_lib.core.catalogue import Field, Option
from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.core.settings import FieldMapping, ObjectSync
from tests.opinions import SmallWorld, mapping_of

H, D = System.HUBSPOT, System.DYNAMICS
CONTACT, COMPANY, DEAL, INVOICE = Object.CONTACT, Object.COMPANY, Object.DEAL, Object.INVOICE
GROUPS = 5

_TIERS = (Option("gold", "Gold"), Option("silver", "Silver"), Option("trial", "Trial"))
_TIER_CODES = (Option("1", " gold "), Option("2", "SILVER"), Option("3", "Platinum"))
_STAGES = (Option("won", "Won"), Option("open", "Open"))


def _fields() -> tuple[Field, ...]:
    return (
        Field(H, CONTACT, "email", "Email", "string", "text"),
        Field(H, CONTACT, "hs_additional_emails", "Additional", "enumeration", "checkbox"),
        Field(H, CONTACT, "firstname", "First", "string", "text"),
        Field(H, CONTACT, "phone", "Phone", "string", "phonenumber"),
        Field(H, CONTACT, "tier", "Tier", "enumeration", "select", _TIERS),
        Field(H, CONTACT, "score", "Score", "number", "number"),
        Field(H, CONTACT, "agreed", "Agreed", "bool", "booleancheckbox"),
        Field(H, CONTACT, "birthday", "Birthday", "date", "date"),
        Field(H, CONTACT, "seen", "Seen", "datetime", "date"),
        Field(H, CONTACT, "note", "Note", "string", "textarea"),
        Field(H, CONTACT, "fixed", "Fixed", "string", "text", read_only=True),
        Field(H, CONTACT, "createdate", "Created", "datetime", "date", read_only=True),
        Field(H, CONTACT, "lastmodifieddate", "Modified", "datetime", "date", read_only=True),
        Field(D, CONTACT, "emailaddress1", "Email", "String", "Email", length=100),
        Field(D, CONTACT, "emailaddress2", "Email 2", "String", "Email", length=100),
        Field(D, CONTACT, "firstname", "First", "String", "Text", length=6),
        Field(D, CONTACT, "telephone1", "Phone", "String", "Phone", length=20),
        Field(D, CONTACT, "tiercode", "Tier", "Picklist", options=_TIER_CODES),
        Field(D, CONTACT, "score", "Score", "Decimal", min_value=0, max_value=100),
        Field(D, CONTACT, "agreed", "Agreed", "Boolean"),
        Field(D, CONTACT, "birthdate", "Birthday", "DateTime", "DateOnly", behavior="DateOnly"),
        Field(D, CONTACT, "seen", "Seen", "DateTime", "DateAndTime", behavior="UserLocal"),
        Field(D, CONTACT, "fixed", "Fixed", "String", "Text", length=100),
        Field(D, CONTACT, "statecode", "Status", "State", options=(Option("0", "Active"), Option("1", "Inactive"))),
        Field(D, CONTACT, "createdon", "Created", "DateTime", "DateAndTime", read_only=True),
        Field(D, CONTACT, "modifiedon", "Modified", "DateTime", "DateAndTime", read_only=True),
        Field(D, CONTACT, "parentcustomerid", "Company", "Customer", targets=("account", "contact")),
        Field(H, COMPANY, "name", "Name", "string", "text"),
        Field(H, COMPANY, "city", "City", "string", "text"),
        Field(H, COMPANY, "size", "Size", "number", "number"),
        Field(H, COMPANY, "hs_lastmodifieddate", "Modified", "datetime", "date", read_only=True),
        Field(D, COMPANY, "name", "Name", "String", "Text", length=20),
        Field(D, COMPANY, "city", "City", "String", "Text", length=8),
        Field(D, COMPANY, "size", "Size", "Integer", min_value=0, max_value=1000),
        Field(D, COMPANY, "statecode", "Status", "State"),
        Field(D, COMPANY, "modifiedon", "Modified", "DateTime", "DateAndTime", read_only=True),
        Field(H, DEAL, "dealstage", "Stage", "enumeration", "radio", _STAGES),
        Field(H, DEAL, "amount", "Amount", "number", "number"),
        Field(D, DEAL, "statuscode", "Status", "Status"),
        Field(D, DEAL, "statecode", "State", "State"),
        Field(D, DEAL, "parentaccountid", "Account", "Lookup", targets=("account",)),
        Field(D, DEAL, "parentcontactid", "Contact", "Lookup", targets=("contact",)),
        Field(D, INVOICE, "name", "Name", "String", "Text", length=300),
        Field(D, INVOICE, "statecode", "State", "State"),
        Field(D, INVOICE, "customerid", "Customer", "Customer", targets=("account", "contact")),
    )


FIELDS = _fields()

_BLANKS = (None, "", " ", "\u200b", "\u00a0 ")
_BARE_EMAILS = ("a@g.example", "b@g.example", "c@g.example", "d@g.example")
_BAD_EMAILS = ("a..b@g.example", "x@g.invalid", "two@g.example;x", "g", "@g.example")
_NAMES = ("Acme g", "Bolt g", "Straße g", "  Acme  g", "ACME G", "strasse g", "Bolt\u00a0g")
_FIRST = ("Al", "al", "Maximilian", " Al ", "Bo", *_BLANKS)
_PHONES = ("+49 30 1", "+49(30)1", "call me", "+49 30 2", *_BLANKS)
_NUMBERS = ("12", "12.0", "012", "-5", "100.5", "1e3", "1,000", "+7", "x", *_BLANKS)
_FLAGS = ("true", "TRUE", "1", "false", "0", "yes", *_BLANKS)
_DAYS = ("1980-05-04", "1980-05-04T10:00:00Z", "1980-05-05", "soon", *_BLANKS)
_MOMENTS = (
    "2026-02-20T10:00:00Z",
    "2026-02-20 10:00:00.5",
    "2026-02-28T23:00:00.000Z",
    "2025-01-01",
    "2026-13-99",
    "never",
    *_BLANKS,
)
_TIER_VALUES = ("gold", "silver", "trial", "other", *_BLANKS)
_TIER_CODE_VALUES = ("1", "2", "3", "9", *_BLANKS)
_STATES = ("0", "0", "0", "1", " 1 ", *_BLANKS)

_CONTACT_MAPPINGS = (
    "email {} emailaddress1",
    "firstname {} firstname",
    "phone {} telephone1",
    "tier {} tiercode",
    "score {} score",
    "agreed {} agreed",
    "birthday {} birthdate",
    "seen {} seen",
    "fixed {} fixed",
    "note {} statecode",
    "birthday {} seen",
    "note {} score",
    "note {} agreed",
    "note {} birthdate",
    "score {} firstname",
    "agreed {} fixed",
    "email {} emailaddress2",
    "note {} parentcustomerid",
)
_COMPANY_MAPPINGS = ("name {} name", "city {} city", "size {} size", "size {} city", "city {} statecode")
_CONTACT_FILTERS = {
    H: (
        None,
        "tier = 'Gold' or score > 10",
        "not (firstname contains 'A') and email is known",
        "agreed = true",
        "seen within last 30 days",
        "birthday >= 1980-05-05 or firstname in ('bo', \"al\")",
        "score != 12 and tier not in ('silver', 'Trial')",
        "phone is unknown",
    ),
    D: (
        None,
        "statecode = 0",
        "tiercode = 'silver' or tiercode = 1",
        "score <= 12.0 and not agreed = false",
        "seen within last 9 days or birthdate < 1980-05-05",
        "firstname != 'AL'",
        "emailaddress1 contains '@G.EXAMPLE'",
    ),
}
_COMPANY_FILTERS = {
    H: (None, "size >= 12", "city is known", "name contains 'b'"),
    D: (None, "statecode = 'Active' or statecode is unknown", "size not in (12, 7)", "city = 'ulm'"),
}
_ASSUMPTIONS: Mapping[str, tuple[str, ...]] = {
    "first_record_order": ("api_order", "guid_sql", "createdon_asc", "modifiedon_desc"),
    "email_norm": ("lower_trim", "exact"),
    "name_norm": ("casefold_trim", "exact_trim", "exact"),
    "secondary_email": ("match", "fail_409", "ignore"),
    "no_key": ("exclude", "create"),
    "company_dup": ("first_wins", "rest_created", "all_bind"),
    "oneway_winner": ("direction_wins", "keep_target"),
    "filter_scope": ("source", "both"),
    "filter_stage": ("before_claim", "after_claim"),
    "include_inactive": ("true", "false"),
    "fill_empty_winner": ("true", "false"),
    "assoc_missing_company": ("skip", "link_existing"),
    "assoc_conflict": ("winner", "keep_both_sides", "add_non_primary"),
}


def small_worlds() -> st.SearchStrategy[SmallWorld]:
    """Random small worlds."""
    return st.composite(_draw_world)()


def _draw_world(draw: st.DrawFn) -> SmallWorld:
    tables: dict[str, list[dict[str, str | None]]] = {}
    links: list[dict[str, Any]] = []
    for group in range(GROUPS):
        _draw_group(draw, f"g{group}", tables, links)
    return SmallWorld(
        tables=tables,
        fields=FIELDS,
        sync=_draw_sync(draw),
        links=links,
        assumptions=_draw_assumptions(draw),
        undelivered=draw(st.sampled_from([frozenset(), frozenset({"hubspot.contact.score", "dynamics.company.city"})])),
    )


def _draw_assumptions(draw: st.DrawFn) -> dict[str, str]:
    """Mostly defaults: each knob is turned in one world of three."""
    chosen = {}
    for name, choices in _ASSUMPTIONS.items():
        if draw(st.integers(0, 2)) == 2:
            chosen[name] = draw(st.sampled_from(choices))
    return chosen


def _draw_sync(draw: st.DrawFn) -> dict[Object, ObjectSync]:
    return {
        CONTACT: _draw_object(draw, _CONTACT_MAPPINGS, _CONTACT_FILTERS),
        COMPANY: _draw_object(draw, _COMPANY_MAPPINGS, _COMPANY_FILTERS),
        DEAL: ObjectSync(
            enabled=draw(st.booleans()),
            direction=draw(st.sampled_from(Direction)),
            filter_to_dynamics=draw(st.sampled_from([None, "amount > 5"])),
            filter_to_hubspot=draw(st.sampled_from([None, "statecode = 0"])),
            stages={"won": "3", "open": "1"},
        ),
        INVOICE: ObjectSync(enabled=draw(st.booleans()), direction=Direction.TO_HUBSPOT),
    }


def _draw_object(
    draw: st.DrawFn, mappings: tuple[str, ...], filters: Mapping[System, tuple[str | None, ...]]
) -> ObjectSync:
    return ObjectSync(
        enabled=draw(st.integers(0, 5)) > 0,
        direction=draw(st.sampled_from(Direction)),
        conflict_winner=draw(st.sampled_from(System)),
        filter_to_hubspot=draw(st.sampled_from(filters[D])),
        filter_to_dynamics=draw(st.sampled_from(filters[H])),
        mappings=_draw_mappings(draw, mappings),
    )


def _draw_mappings(draw: st.DrawFn, texts: tuple[str, ...]) -> tuple[FieldMapping, ...]:
    """Some mappings; no field twice."""
    chosen: list[FieldMapping] = []
    for text in texts:
        sign = draw(st.sampled_from(["<->", "<->", "->", "<-", ""]))
        mapping = mapping_of(text.format(sign), _draw_options(draw, text)) if sign else None
        if mapping is not None and not any(
            mapping.hubspot == one.hubspot or mapping.dynamics == one.dynamics for one in chosen
        ):
            chosen.append(mapping)
    return tuple(chosen)


def _draw_options(draw: st.DrawFn, text: str) -> dict[str, str]:
    if text.startswith("tier") and draw(st.booleans()):
        return {"gold": "1", "trial": "3"}
    return {}


def _draw_group(
    draw: st.DrawFn, group: str, tables: dict[str, list[dict[str, str | None]]], links: list[dict[str, Any]]
) -> None:
    contacts = [_contact(draw, group) for _ in range(draw(st.integers(0, 4)))]
    dynamics = [_dynamics_contact(draw, group) for _ in range(draw(st.integers(0, 4)))]
    companies = [_company(draw, group, "hs_lastmodifieddate") for _ in range(draw(st.integers(0, 3)))]
    accounts = [_company(draw, group, "modifiedon") for _ in range(draw(st.integers(0, 3)))]
    deals = [_deal(draw) for _ in range(draw(st.integers(0, 1)))]
    opportunities = [_opportunity(draw) for _ in range(draw(st.integers(0, 1)))]
    invoices: list[dict[str, str | None]] = [{} for _ in range(draw(st.integers(0, 1)))]
    ids = {
        "hubspot/contacts": _number(tables, "hubspot/contacts", contacts, "h"),
        "hubspot/companies": _number(tables, "hubspot/companies", companies, "k"),
        "hubspot/deals": _number(tables, "hubspot/deals", deals, "e"),
        "dynamics/contacts": _number(tables, "dynamics/contacts", dynamics, "d"),
        "dynamics/accounts": _number(tables, "dynamics/accounts", accounts, "a"),
        "dynamics/opportunities": _number(tables, "dynamics/opportunities", opportunities, "o"),
        "dynamics/invoices": _number(tables, "dynamics/invoices", invoices, "i"),
    }
    _draw_lookups(draw, dynamics, opportunities, invoices, ids)
    _draw_links(draw, ids, links)


def _number(
    tables: dict[str, list[dict[str, str | None]]], name: str, rows: list[dict[str, str | None]], letter: str
) -> list[str]:
    table = tables.setdefault(name, [])
    for row in rows:
        row["id"] = f"{letter}{len(table)}" if name.startswith("hubspot/") else _guid(letter, len(table))
        table.append(row)
    return [str(row["id"]) for row in rows]


def _guid(letter: str, place: int) -> str:
    """A GUID whose order is not the order of the file, the same for the same place."""
    mixed = (place * 7_919 + 3) % 10_007
    return f"{mixed:08x}-{place:04x}-4000-8000-{ord(letter):06x}{mixed * 31 % 4_099:06x}"


def _draw_lookups(
    draw: st.DrawFn,
    contacts: list[dict[str, str | None]],
    opportunities: list[dict[str, str | None]],
    invoices: list[dict[str, str | None]],
    ids: Mapping[str, list[str]],
) -> None:
    accounts, people = [*ids["dynamics/accounts"], "nowhere", None], [*ids["dynamics/contacts"], "nobody", None]
    for row, name in [(one, "parentcustomerid") for one in contacts] + [(one, "customerid") for one in invoices]:
        type_ = draw(st.sampled_from(["account", "account", "contact", None]))
        row[f"_{name}_value"] = draw(st.sampled_from(people if type_ == "contact" else accounts))
        row[f"_{name}_type"] = type_
    for row in opportunities:
        row["_parentaccountid_value"] = draw(st.sampled_from(accounts))
        row["_parentcontactid_value"] = draw(st.sampled_from(people))


def _draw_links(draw: st.DrawFn, ids: Mapping[str, list[str]], links: list[dict[str, Any]]) -> None:
    companies, contacts = [*ids["hubspot/companies"], "gone"], ids["hubspot/contacts"]
    for contact in contacts:
        primary = draw(st.sampled_from([None, *companies]))
        others = draw(st.lists(st.sampled_from(companies), max_size=2, unique=True))
        links += [
            _link("contact", contact, "company", to_id=one, is_primary=one == primary)
            for one in {*others, primary} - {None}
        ]
    for deal in ids["hubspot/deals"]:
        links.append(
            _link("deal", deal, "company", to_id=draw(st.sampled_from(companies)), is_primary=draw(st.booleans()))
        )
        if contacts:
            links.append(_link("deal", deal, "contact", to_id=draw(st.sampled_from(contacts)), is_primary=False))


def _link(from_object: str, from_id: str, to_object: str, *, to_id: Any, is_primary: bool) -> dict[str, Any]:
    return {
        "from_object": from_object,
        "from_id": from_id,
        "to_object": to_object,
        "to_id": to_id,
        "is_primary": is_primary,
    }


def _email(draw: st.DrawFn, group: str) -> str | None:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.sampled_from(_BLANKS))
    if kind == 1:
        return draw(st.sampled_from(_BAD_EMAILS)).replace("g", group)
    plain = draw(st.sampled_from(_BARE_EMAILS)).replace("g", group)
    dressed = (plain, plain, plain, plain.upper(), f" {plain}\u200b", plain.replace("a", "ａ", 1))
    return draw(st.sampled_from(dressed))


def _contact(draw: st.DrawFn, group: str) -> dict[str, str | None]:
    additional = ";".join(draw(st.lists(st.sampled_from(_BARE_EMAILS), max_size=2))).replace("g", group)
    return {
        "email": _email(draw, group),
        "hs_additional_emails": draw(st.sampled_from([additional, f" {additional.upper()};", None])),
        "firstname": draw(st.sampled_from(_FIRST)),
        "phone": draw(st.sampled_from(_PHONES)),
        "tier": draw(st.sampled_from(_TIER_VALUES)),
        "score": draw(st.sampled_from(_NUMBERS)),
        "agreed": draw(st.sampled_from(_FLAGS)),
        "birthday": draw(st.sampled_from(_DAYS)),
        "seen": draw(st.sampled_from(_MOMENTS)),
        "note": draw(st.sampled_from(("1", "true", "12", "1980-05-04", *_BLANKS))),
        "fixed": draw(st.sampled_from(("x", "true", *_BLANKS))),
        "createdate": draw(st.sampled_from(_MOMENTS)),
        "lastmodifieddate": draw(st.sampled_from(_MOMENTS)),
    }


def _dynamics_contact(draw: st.DrawFn, group: str) -> dict[str, str | None]:
    return {
        "emailaddress1": _email(draw, group),
        "emailaddress2": _email(draw, group),
        "firstname": draw(st.sampled_from(_FIRST)),
        "telephone1": draw(st.sampled_from(_PHONES)),
        "tiercode": draw(st.sampled_from(_TIER_CODE_VALUES)),
        "score": draw(st.sampled_from(_NUMBERS)),
        "agreed": draw(st.sampled_from(_FLAGS)),
        "birthdate": draw(st.sampled_from(_DAYS)),
        "seen": draw(st.sampled_from(_MOMENTS)),
        "fixed": draw(st.sampled_from(("x", "true", *_BLANKS))),
        "statecode": draw(st.sampled_from(_STATES)),
        "createdon": draw(st.sampled_from(_MOMENTS)),
        "modifiedon": draw(st.sampled_from(_MOMENTS)),
    }


def _company(draw: st.DrawFn, group: str, modified: str) -> dict[str, str | None]:
    name = draw(st.sampled_from((*_NAMES, *_NAMES, *_BLANKS)))
    return {
        "name": name and name.replace("G", group.upper()).replace("g", group),
        "city": draw(st.sampled_from(("Ulm", "ulm", "Castrop-Rauxel", *_BLANKS))),
        "size": draw(st.sampled_from(_NUMBERS)),
        "statecode": draw(st.sampled_from(_STATES)),
        modified: draw(st.sampled_from(_MOMENTS)),
    }


def _deal(draw: st.DrawFn) -> dict[str, str | None]:
    return {
        "dealstage": draw(st.sampled_from(("won", "open", "lost", None))),
        "amount": draw(st.sampled_from(_NUMBERS)),
    }


def _opportunity(draw: st.DrawFn) -> dict[str, str | None]:
    return {"statuscode": draw(st.sampled_from(("1", "3", "4", None))), "statecode": draw(st.sampled_from(_STATES))}
