"""The schema of every table: of a snapshot, and of a forecast.

Facts
    * Values of customer fields travel as text, just as the vendors print them; what type they are says the metadata
      (`properties` for HubSpot, `columns` for Dynamics). A column that a portal did not deliver is missing from the
      table; a value it delivered as null is null. The two are never mixed up.
    * `api_rank` is the order in which the API delivers the records. It *is* the survivor rule (2.12). Records of files
      have the rank that their ids have in that order (2.24, 2.25), and their place in the file as `file_rank`.
    * Finished keys are computed once, in Python, at ingest (`core.keys`), so that every engine compares the same text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from dynsync_lib.core.model import Object, System

SCHEMA_VERSION: Final = 1


ColumnType = Literal["text", "integer", "number", "flag", "texts"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `type` is text, integer (int64), number (float64), flag (boolean) or texts (a list of text)."""

    name: str
    type: ColumnType
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `row` says what one row is; `order` is the sort order in which it is written."""

    name: str
    row: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The column names, in their fixed order."""
        return tuple(column.name for column in self.columns)


def _column(name: str, meaning: str, type_: ColumnType = "text") -> Column:
    return Column(name, type_, meaning)


ID: Final = _column("id", "record id as text; GUIDs lower-case")
API_RANK: Final = _column("api_rank", "order in which the API delivers the records, from 0", "integer")
FILE_RANK: Final = _column(
    "file_rank", "place of the record in its file, or in what the API delivered, from 0", "integer"
)
GUID_ORDER: Final = _column("guid_sql_key", "hex text that sorts as SQL Server sorts this GUID (2.25)")

EMAIL_KEYS: Final = (
    _column("email_key", "e-mail: NFKC, outer white space and zero-width characters gone, lower case; null when blank"),
    _column("email_key_exact", "e-mail exactly as delivered; null when blank"),
    _column("email_valid", "whether HubSpot accepts the address (9.13); null when blank", "flag"),
)
ACCENTLESS_NAME: Final = _column("name_key_accentless", "`name_key` without accents and other marks (F12)")
_COMPANY_KEYS: Final = (
    _column("name_key", "name: NFKC, trimmed, inner white space to one space, case-folded; null when blank"),
    ACCENTLESS_NAME,
    _column("name_key_trim", "name with outer white space removed, nothing else; null when blank"),
    _column("name_key_exact", "name exactly as delivered; null when blank"),
    _column("domain_key", "domain: lower case, scheme, path and leading www. gone; null when blank"),
)
SECONDARY_KEYS: Final = (
    _column("secondary_email_keys", "keys of HubSpot's additional e-mails, in order; empty list when none", "texts"),
    _column("secondary_email_keys_exact", "the same addresses exactly as delivered", "texts"),
)


@dataclass(frozen=True, slots=True)
class RecordTable:
    """One record table of a snapshot.

    `name` is its path without the ending, `id_field` the vendor's key, `keys` the finished key columns between
    `file_rank` and the vendor's own columns. `object` is None for owners and users.
    """

    system: System
    name: str
    object: Object | None
    id_field: str
    keys: tuple[Column, ...] = ()
    created_field: str = "createdon"
    modified_field: str = "modifiedon"

    @property
    def structure(self) -> tuple[Column, ...]:
        """The columns the kit adds, in order: id, api_rank, file_rank, finished keys."""
        return (ID, API_RANK, FILE_RANK, *self.keys)

    @property
    def own_object(self) -> Object:
        """`object`, for tables that have one. Raises ValueError for owners and users."""
        return Object(str(self.object))


_PRIVILEGED: Final[Mapping[Object, str]] = {
    Object.CONTACT: "Contact",
    Object.COMPANY: "Account",
    Object.LEAD: "Lead",
    Object.DEAL: "Opportunity",
    Object.INVOICE: "Invoice",
}


Right = Literal["Read", "Create", "Write", "Delete"]
"""What a privilege of Dataverse allows."""


def privilege(right: Right, object_: Object) -> str:
    """Dataverse's name of a right on the table of an object, such as `prvCreateAccount` (portal-apis 7.2)."""
    return f"prv{right}{_PRIVILEGED[object_]}"


def rights_to_write(object_: Object) -> tuple[str, str]:
    """Dataverse's names of the rights without which the sync cannot write the table of an object (1.9)."""
    return privilege("Create", object_), privilege("Write", object_)


CREATED_BY: Final[Mapping[System, str]] = {
    System.HUBSPOT: "hs_created_by_user_id",
    System.DYNAMICS: "_createdby_value",
}
MODIFIED_BY: Final[Mapping[System, str]] = {
    System.HUBSPOT: "hs_updated_by_user_id",
    System.DYNAMICS: "_modifiedby_value",
}
"""By system the vendor column that names the user who made a record, and who changed it last."""
_CONTACT_KEYS: Final = (*EMAIL_KEYS, *SECONDARY_KEYS)
_CONTACT_TIMES: Final = ("createdate", "lastmodifieddate")
_HS_TIMES: Final = ("createdate", "hs_lastmodifieddate")

RECORD_TABLES: Final[Mapping[str, RecordTable]] = {
    table.name: table
    for table in (
        RecordTable(System.HUBSPOT, "hubspot/contacts", Object.CONTACT, "hs_object_id", _CONTACT_KEYS, *_CONTACT_TIMES),
        RecordTable(System.HUBSPOT, "hubspot/companies", Object.COMPANY, "hs_object_id", _COMPANY_KEYS, *_HS_TIMES),
        RecordTable(System.HUBSPOT, "hubspot/deals", Object.DEAL, "hs_object_id", (), *_HS_TIMES),
        RecordTable(System.HUBSPOT, "hubspot/invoices", Object.INVOICE, "hs_object_id", (), *_HS_TIMES),
        RecordTable(System.HUBSPOT, "hubspot/owners", None, "id", EMAIL_KEYS, "createdAt", "updatedAt"),
        RecordTable(System.DYNAMICS, "dynamics/contacts", Object.CONTACT, "contactid", (GUID_ORDER, *EMAIL_KEYS)),
        RecordTable(System.DYNAMICS, "dynamics/accounts", Object.COMPANY, "accountid", (GUID_ORDER, *_COMPANY_KEYS)),
        RecordTable(System.DYNAMICS, "dynamics/leads", Object.LEAD, "leadid", (GUID_ORDER, *EMAIL_KEYS)),
        RecordTable(System.DYNAMICS, "dynamics/opportunities", Object.DEAL, "opportunityid", (GUID_ORDER,)),
        RecordTable(System.DYNAMICS, "dynamics/invoices", Object.INVOICE, "invoiceid", (GUID_ORDER,)),
        RecordTable(System.DYNAMICS, "dynamics/users", None, "systemuserid", (GUID_ORDER, *EMAIL_KEYS)),
    )
}


def stored_object(object_: Object, system: System) -> Object:
    """As what a system keeps the records of an object: HubSpot keeps leads as contacts (1.7)."""
    return Object.CONTACT if (object_, system) == (Object.LEAD, System.HUBSPOT) else object_


def record_table(object_: Object, system: System) -> RecordTable:
    """The record table of an object on one side."""
    stored = (stored_object(object_, system), system)
    return next(table for table in RECORD_TABLES.values() if (table.object, table.system) == stored)


def objects_in(table: RecordTable) -> tuple[Object, ...]:
    """The objects whose records a table holds: HubSpot's contacts are leads, too. None for owners and users."""
    return tuple(object_ for object_ in Object if stored_object(object_, table.system) is table.object)


KEY_SOURCE: Final[Mapping[str, Mapping[str, str]]] = {
    "hubspot/contacts": {"email": "email", "secondary": "hs_additional_emails"},
    "hubspot/companies": {"name": "name", "domain": "domain"},
    "hubspot/owners": {"email": "email"},
    "dynamics/contacts": {"email": "emailaddress1"},
    "dynamics/accounts": {"name": "name", "domain": "websiteurl"},
    "dynamics/leads": {"email": "emailaddress1"},
    "dynamics/users": {"email": "internalemailaddress"},
}
"""Which vendor column each finished key of a table is made of."""

LINKS_IN: Final = Table(
    "hubspot/links",
    "one association between two HubSpot records",
    (
        _column("from_object", "contact, company, deal or invoice"),
        _column("from_id", "record id"),
        _column("to_object", "contact or company"),
        _column("to_id", "record id"),
        _column("label", "association label; null for the unlabelled kind"),
        _column("is_primary", "whether this is the primary company of the record", "flag"),
    ),
    ("from_object", "from_id", "to_object", "to_id", "label"),
)

ASSOCIATED_COMPANY: Final = "associated company"
"""What stands for a lookup's column where HubSpot's export names associated companies."""
UNRESOLVED_LOOKUPS: Final = Table(
    "unresolved_lookups",
    "one lookup or association that a file fills with the name of a record, where no single exported record has it",
    (
        _column("system", "hubspot or dynamics"),
        _column("object", "kind of the record that holds the name: contact, company, lead, deal or invoice"),
        _column("record_id", "record id"),
        _column("field", "the lookup's column, such as parentcustomerid, or `ASSOCIATED_COMPANY`"),
        _column(
            "why",
            "`unknown`: no exported record has the name; `near`: none, but one has it but for case, inner blanks or "
            "accents; `ambiguous`: several have it",
        ),
    ),
    ("system", "object", "record_id", "field"),
)
"""Written by `dynsync load` where there are such lookups; the snapshot's records have null in their place."""

PROPERTIES: Final = Table(
    "hubspot/properties",
    "one HubSpot property",
    (
        _column("object", "contact, company, deal, invoice"),
        _column("name", "internal name"),
        _column("label", "label as shown"),
        _column("type", "bool, date, datetime, enumeration, number, phone_number, string"),
        _column("field_type", "text, textarea, select, radio, checkbox, booleancheckbox, calculation_equation, ..."),
        _column("options", 'JSON list of {"value", "label"}, in display order; null when the property has none'),
        _column("read_only", "whether the value cannot be written over the API", "flag"),
        _column("calculated", "whether HubSpot computes the value", "flag"),
        _column("unique", "whether values must be unique", "flag"),
        _column("hidden", "whether the property is hidden in HubSpot", "flag"),
        _column("length", "longest text allowed, in characters; null when HubSpot states none", "integer"),
    ),
    ("object", "name"),
)

COLUMNS: Final = Table(
    "dynamics/columns",
    "one Dataverse column",
    (
        _column("object", "contact, company (account), lead, deal (opportunity), invoice"),
        _column("name", "logical name, without `_` and `_value` around lookups"),
        _column("label", "display name"),
        _column("type", "AttributeType: String, Memo, Integer, Decimal, Double, BigInt, Money, DateTime, Boolean, ..."),
        _column("format", "Email, Phone, Url, DateOnly, DateAndTime, ...; null when none"),
        _column("options", 'JSON list of {"value", "label"}; null when the column has none'),
        _column("read_only", "whether the column can be neither created nor updated", "flag"),
        _column("required", "None, Recommended, ApplicationRequired or SystemRequired"),
        _column("length", "longest text allowed, in characters; null when not a text column", "integer"),
        _column("min_value", "smallest number allowed; null when none", "number"),
        _column("max_value", "largest number allowed; null when none", "number"),
        _column("targets", "tables a lookup may point to, separated by `;`; null when not a lookup"),
        _column("behavior", "UserLocal, DateOnly or TimeZoneIndependent; null when not a date"),
    ),
    ("object", "name"),
)

_SYSTEM: Final = _column("system", "hubspot or dynamics")
_OBJECT: Final = _column("object", "contact, company, lead, deal or invoice")
_RULE: Final = _column("rule_id", "the rule that decided, as in rules/behaviour.toml")
_PAIR: Final = (_column("hubspot_id", "record id"), _column("dynamics_id", "record id"))
BINDINGS: Final = Table("bindings", "one pair an earlier run bound", (_OBJECT, *_PAIR), ("hubspot_id", "dynamics_id"))

OUTCOMES: Final = Table(
    "outcomes",
    "one input record",
    (
        _SYSTEM,
        _OBJECT,
        _column("record_id", "record id"),
        _column("outcome", "create, update, link, shadowed, excluded or failing"),
        _column("health", "HubSpot's Sync Health word: in_sync, excluded or failing"),
        _column("reason", "why excluded or failing; null for the other outcomes"),
        _RULE,
        _column("counterpart_id", "record of the other system it is matched with; null when none"),
        _column("winner_id", "record of the same system it lost its key to; null unless shadowed"),
        _column("match_key", "finished key it was matched by; null when it has none"),
        _column("sensitive_to", "assumptions that would change this outcome, separated by `;`; null when none would"),
    ),
    ("system", "object", "record_id"),
)

CHANGES: Final = Table(
    "changes",
    "one field of one matched pair that would be written",
    (
        _OBJECT,
        *_PAIR,
        _column("target_system", "the system that is written to"),
        _column("target_field", "the field that is written"),
        _column("source_field", "the field the value comes from"),
        _column("kind", "fill (was empty) or overwrite (had another value)"),
        _column("old_value", "value before; null for a fill"),
        _column("new_value", "value after, in the target's own form"),
        _column("note", "several_writers, stale_winner, value_skipped, ...; null when there is nothing to say"),
    ),
    ("object", "hubspot_id", "dynamics_id", "target_system", "target_field"),
)

HELD_BACK: Final = ("value_skipped", "owner_unresolved", "lifecycle_ignored")
"""The notes of changes that are told and do not land."""

LINKS: Final = Table(
    "links",
    "one association of an input record",
    (
        _column("from_system", "system that holds the association"),
        _column("from_object", "object it starts at"),
        _column("from_id", "record it starts at"),
        _column("to_object", "object it points to"),
        _column("to_id", "record it points to"),
        _column("status", "synced, dropped_non_primary, parent_is_contact, target_not_synced, manual, auto_created"),
        _RULE,
    ),
    ("from_system", "from_object", "from_id", "to_object", "to_id"),
)

COLLISIONS: Final = Table(
    "collisions",
    "one record of a group that shares a match key inside one system",
    (
        _SYSTEM,
        _OBJECT,
        _column("match_key", "the shared key"),
        _column("record_id", "record id"),
        _column("position", "place in the group by first_record_order, from 1", "integer"),
        _column("is_winner", "whether this record owns the key", "flag"),
        _column("differs_in", "mapped fields that differ from the winner's, separated by `;`; null when none"),
    ),
    ("system", "object", "match_key", "position"),
)

AGREEMENTS: Final[Mapping[str, str]] = {
    "tax_number": "tax number",
    "domain": "domain",
    "city": "city",
    "phone": "telephone number",
}
"""What a company and an account may agree in beside their names, the surest first, each in words."""
NEAR_NAMES: Final = Table(
    "near_names",
    "one pair of companies that should perhaps match and will not",
    (
        _column("hubspot_id", "company id"),
        _column("hubspot_name", "company name"),
        _column("dynamics_id", "account id"),
        _column("dynamics_name", "account name"),
        _column(
            "reason",
            "legal_form, abbreviation, word_order, spacing, extra_word or typo where the names are alike; else "
            "same_tax_number, same_domain or same_phone",
        ),
        _column("score", "likeness from 0 to 100", "number"),
        _column(
            "corroboration",
            f"what else agrees ({', '.join(AGREEMENTS)}), separated by `;`; null when nothing does",
        ),
    ),
    ("hubspot_id", "dynamics_id"),
)

NOT_COMPARED: Final = "no values were compared"
"""What the reason of every mapping says of which a column was not delivered."""
MAPPING: Final = Table(
    "mapping",
    "one field mapping of an enabled object",
    (
        _OBJECT,
        _column("hubspot_field", "HubSpot property"),
        _column("dynamics_field", "Dynamics column"),
        _column(
            "verdict",
            "ok, one_way, lossy, blocked, or not_checked: a column was not delivered, so nothing was compared",
        ),
        _column("allowed_directions", "two_way, to_hubspot, to_dynamics or none: what will really flow"),
        _column("reason", "why the verdict is not plain ok; null when it is"),
        _RULE,
        _column("workaround", "what to do instead; null when nothing is needed"),
        _column("rows_affected", "records that hold a value the verdict concerns; null when not checked", "integer"),
    ),
    ("object", "hubspot_field", "dynamics_field"),
)

FINDINGS: Final = Table(
    "findings",
    "one audit rule that has something to say",
    (
        _column("check_id", "G01 to G67"),
        _column("severity", "blocker, high, medium, low or not_checked"),
        _column("system", "hubspot, dynamics, or null when it concerns both"),
        _column("object", "object, or null when it concerns several"),
        _column("count", "records concerned; null when not checked", "integer"),
        _column("share", "count divided by the records looked at, 0 to 1; null when not checked", "number"),
        _column("sentence", "what was found, for an admin, number first"),
        _column("fix", "what to do"),
        _RULE,
    ),
    ("check_id", "system", "object", "sentence"),
)

SUMMARY: Final = Table(
    "summary",
    "one system, object, outcome and reason that occurs",
    (
        _SYSTEM,
        _OBJECT,
        _column("outcome", "as in outcomes"),
        _column("reason", "as in outcomes; null when the outcome has none"),
        _column("count", "records", "integer"),
    ),
    ("system", "object", "outcome", "reason"),
)

SENSITIVITY: Final = Table(
    "sensitivity",
    "one choice of one assumption other than the one in force",
    (
        _column("assumption_id", "knob of rules/assumptions.toml"),
        _column("choice", "the other choice"),
        _column("outcomes_changed", "records whose outcome, reason, counterpart or winner would differ", "integer"),
        _column("by_object", "the same per object, as `contact=3;company=1`; null when none"),
    ),
    ("assumption_id", "choice"),
)

_TOLD: Final = (OUTCOMES, CHANGES, LINKS, COLLISIONS, NEAR_NAMES, MAPPING, FINDINGS, SUMMARY, SENSITIVITY)
FORECAST_TABLES: Final[Mapping[str, Table]] = {table.name: table for table in _TOLD}
