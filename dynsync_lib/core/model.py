"""The vocabulary, and the schema of every table. Read this first.

Facts
    * Values of customer fields travel as text, just as the vendors print them; what type they are says the metadata
      (`properties` for HubSpot, `columns` for Dynamics). A column that a portal did not deliver is missing from the
      table; a value it delivered as null is null. The two are never mixed up.
    * `api_rank` is the order in which the API (or the file) delivered the records. It *is* the survivor rule (2.12).
    * Finished keys are computed once, in Python, at ingest (`core.keys`), so that every engine compares the same text.

Where it is used: everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

SCHEMA_VERSION: Final = 1


class System(StrEnum):
    """The two CRMs."""

    HUBSPOT = "hubspot"
    DYNAMICS = "dynamics"


class Object(StrEnum):
    """What a record is, in HubSpot's words. Dynamics says account for company and opportunity for deal."""

    CONTACT = "contact"
    COMPANY = "company"
    LEAD = "lead"
    DEAL = "deal"
    INVOICE = "invoice"


class Outcome(StrEnum):
    """What the initial sync does with one record."""

    CREATE = "create"
    UPDATE = "update"
    LINK = "link"
    SHADOWED = "shadowed"
    EXCLUDED = "excluded"
    FAILING = "failing"


class Health(StrEnum):
    """HubSpot's Sync Health words."""

    IN_SYNC = "in_sync"
    EXCLUDED = "excluded"
    FAILING = "failing"


HEALTH: Final[Mapping[Outcome, Health]] = {
    Outcome.CREATE: Health.IN_SYNC,
    Outcome.UPDATE: Health.IN_SYNC,
    Outcome.LINK: Health.IN_SYNC,
    Outcome.SHADOWED: Health.EXCLUDED,
    Outcome.EXCLUDED: Health.EXCLUDED,
    Outcome.FAILING: Health.FAILING,
}


class Reason(StrEnum):
    """Why a record is excluded or failing. Other outcomes have no reason (null)."""

    FILTER = "filter"
    NO_EMAIL = "no_email"
    NO_MATCH_KEY = "no_match_key"
    STAGE_UNMAPPED = "stage_unmapped"
    LIFECYCLE_ROUTE = "lifecycle_route"
    NOT_IN_TARGET = "not_in_target"
    DIRECTION = "direction"
    OBJECT_OFF = "object_off"
    INVALID_EMAIL = "invalid_email"
    EMAIL_CONFLICT = "email_conflict"
    TOO_LONG = "too_long"
    REQUIRED = "required"
    OPTION = "option"
    RANGE = "range"
    INACTIVE_READONLY = "inactive_readonly"
    PRIVILEGE = "privilege"
    NO_IDENTITY = "no_identity"


class Direction(StrEnum):
    """Which way a sync or a field mapping may write."""

    TWO_WAY = "two_way"
    TO_HUBSPOT = "to_hubspot"
    TO_DYNAMICS = "to_dynamics"

    def writes_to(self, system: System) -> bool:
        """Whether a value may travel into `system`."""
        return self is Direction.TWO_WAY or self.value == f"to_{system.value}"


class LinkStatus(StrEnum):
    """What becomes of one association."""

    SYNCED = "synced"
    DROPPED_NON_PRIMARY = "dropped_non_primary"
    PARENT_IS_CONTACT = "parent_is_contact"
    TARGET_NOT_SYNCED = "target_not_synced"
    MANUAL = "manual"
    AUTO_CREATED = "auto_created"


class ChangeKind(StrEnum):
    """Whether a write meets an empty field or replaces a value."""

    FILL = "fill"
    OVERWRITE = "overwrite"


class Verdict(StrEnum):
    """Whether a field mapping can work."""

    OK = "ok"
    ONE_WAY = "one_way"
    LOSSY = "lossy"
    BLOCKED = "blocked"


class Severity(StrEnum):
    """How much a finding matters. Not checked is grey, never a pass."""

    BLOCKER = "blocker"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOT_CHECKED = "not_checked"


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


def _text(name: str, meaning: str) -> Column:
    return Column(name, "text", meaning)


def _integer(name: str, meaning: str) -> Column:
    return Column(name, "integer", meaning)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, "flag", meaning)


# ---------------------------------------------------------------------------------------------------------------
# Snapshot
# ---------------------------------------------------------------------------------------------------------------

ID: Final = _text("id", "record id as text; GUIDs lower-case")
API_RANK: Final = _integer("api_rank", "order in which the API delivered the record, from 0")
GUID_ORDER: Final = _text("guid_sql_key", "hex text that sorts as SQL Server sorts this GUID (2.25)")

EMAIL_KEYS: Final = (
    _text("email_key", "e-mail: NFKC, outer white space and zero-width characters gone, lower case; null when blank"),
    _text("email_key_exact", "e-mail exactly as delivered; null when blank"),
    _flag("email_valid", "whether HubSpot accepts the address (9.13); null when blank"),
)
NAME_KEYS: Final = (
    _text("name_key", "name: NFKC, trimmed, inner white space to one space, case-folded; null when blank"),
    _text("name_key_trim", "name with outer white space removed, nothing else; null when blank"),
    _text("name_key_exact", "name exactly as delivered; null when blank"),
)
SECONDARY_KEYS: Final = (
    Column("secondary_email_keys", "texts", "keys of HubSpot's additional e-mails, in order; empty list when none"),
    Column("secondary_email_keys_exact", "texts", "the same addresses exactly as delivered"),
)
DOMAIN_KEY: Final = (_text("domain_key", "domain: lower case, scheme, path and leading www. gone; null when blank"),)


@dataclass(frozen=True, slots=True)
class RecordTable:
    """One record table of a snapshot.

    `name` is its path without the ending (`hubspot/contacts`), `id_field` the vendor's primary key, `keys` the finished
    key columns that stand between `api_rank` and the vendor's own columns. `object` is None for owners and users.
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
        """The columns the kit adds, in order: id, api_rank, finished keys."""
        return (ID, API_RANK, *self.keys)


_HS_CONTACT_KEYS: Final = (*EMAIL_KEYS, *SECONDARY_KEYS)
_HS_TIMES: Final = ("createdate", "hs_lastmodifieddate")

RECORD_TABLES: Final[Mapping[str, RecordTable]] = {
    table.name: table
    for table in (
        RecordTable(
            System.HUBSPOT,
            "hubspot/contacts",
            Object.CONTACT,
            "hs_object_id",
            _HS_CONTACT_KEYS,
            "createdate",
            "lastmodifieddate",
        ),
        RecordTable(
            System.HUBSPOT, "hubspot/companies", Object.COMPANY, "hs_object_id", (*NAME_KEYS, *DOMAIN_KEY), *_HS_TIMES
        ),
        RecordTable(System.HUBSPOT, "hubspot/deals", Object.DEAL, "hs_object_id", (), *_HS_TIMES),
        RecordTable(System.HUBSPOT, "hubspot/invoices", Object.INVOICE, "hs_object_id", (), *_HS_TIMES),
        RecordTable(System.HUBSPOT, "hubspot/owners", None, "id", EMAIL_KEYS, "createdAt", "updatedAt"),
        RecordTable(System.DYNAMICS, "dynamics/contacts", Object.CONTACT, "contactid", (GUID_ORDER, *EMAIL_KEYS)),
        RecordTable(
            System.DYNAMICS, "dynamics/accounts", Object.COMPANY, "accountid", (GUID_ORDER, *NAME_KEYS, *DOMAIN_KEY)
        ),
        RecordTable(System.DYNAMICS, "dynamics/leads", Object.LEAD, "leadid", (GUID_ORDER, *EMAIL_KEYS)),
        RecordTable(System.DYNAMICS, "dynamics/opportunities", Object.DEAL, "opportunityid", (GUID_ORDER,)),
        RecordTable(System.DYNAMICS, "dynamics/invoices", Object.INVOICE, "invoiceid", (GUID_ORDER,)),
        RecordTable(System.DYNAMICS, "dynamics/users", None, "systemuserid", (GUID_ORDER, *EMAIL_KEYS)),
    )
}


def record_table(object_: Object, system: System) -> RecordTable:
    """The record table of an object on one side. Raises LookupError for leads in HubSpot, which are contacts there."""
    for table in RECORD_TABLES.values():
        if (table.object, table.system) == (object_, system):
            return table
    raise LookupError(f"{system} has no table of {object_} records")


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
        _text("from_object", "contact, company, deal or invoice"),
        _text("from_id", "record id"),
        _text("to_object", "contact or company"),
        _text("to_id", "record id"),
        _text("label", "association label; null for the unlabelled kind"),
        _flag("is_primary", "whether this is the primary company of the record"),
    ),
    ("from_object", "from_id", "to_object", "to_id", "label"),
)

PROPERTIES: Final = Table(
    "hubspot/properties",
    "one HubSpot property",
    (
        _text("object", "contact, company, deal, invoice"),
        _text("name", "internal name"),
        _text("label", "label as shown"),
        _text("type", "bool, date, datetime, enumeration, number, phone_number, string"),
        _text("field_type", "text, textarea, select, radio, checkbox, booleancheckbox, calculation_equation, ..."),
        _text("options", 'JSON list of {"value", "label"}, in display order; null when the property has none'),
        _flag("read_only", "whether the value cannot be written over the API"),
        _flag("calculated", "whether HubSpot computes the value"),
        _flag("unique", "whether values must be unique"),
        _flag("hidden", "whether the property is hidden in HubSpot"),
        _integer("length", "longest text allowed, in characters; null when HubSpot states none"),
    ),
    ("object", "name"),
)

COLUMNS: Final = Table(
    "dynamics/columns",
    "one Dataverse column",
    (
        _text("object", "contact, company (account), lead, deal (opportunity), invoice"),
        _text("name", "logical name, without `_` and `_value` around lookups"),
        _text("label", "display name"),
        _text("type", "AttributeType: String, Memo, Integer, Decimal, Double, BigInt, Money, DateTime, Boolean, ..."),
        _text("format", "Email, Phone, Url, DateOnly, DateAndTime, ...; null when none"),
        _text("options", 'JSON list of {"value", "label"}; null when the column has none'),
        _flag("read_only", "whether the column can be neither created nor updated"),
        _text("required", "None, Recommended, ApplicationRequired or SystemRequired"),
        _integer("length", "longest text allowed, in characters; null when not a text column"),
        Column("min_value", "number", "smallest number allowed; null when none"),
        Column("max_value", "number", "largest number allowed; null when none"),
        _text("targets", "tables a lookup may point to, separated by `;`; null when not a lookup"),
        _text("behavior", "UserLocal, DateOnly or TimeZoneIndependent; null when not a date"),
    ),
    ("object", "name"),
)

# ---------------------------------------------------------------------------------------------------------------
# Forecast
# ---------------------------------------------------------------------------------------------------------------

_SYSTEM: Final = _text("system", "hubspot or dynamics")
_OBJECT: Final = _text("object", "contact, company, lead, deal or invoice")
_RULE: Final = _text("rule_id", "the rule that decided, as in rules/behaviour.toml")

OUTCOMES: Final = Table(
    "outcomes",
    "one input record",
    (
        _SYSTEM,
        _OBJECT,
        _text("record_id", "record id"),
        _text("outcome", "create, update, link, shadowed, excluded or failing"),
        _text("health", "HubSpot's Sync Health word: in_sync, excluded or failing"),
        _text("reason", "why excluded or failing; null for the other outcomes"),
        _RULE,
        _text("counterpart_id", "record of the other system it is matched with; null when none"),
        _text("winner_id", "record of the same system it lost its key to; null unless shadowed"),
        _text("match_key", "finished key it was matched by; null when it has none"),
        _text("sensitive_to", "assumptions that would change this outcome, separated by `;`; null when none would"),
    ),
    ("system", "object", "record_id"),
)

CHANGES: Final = Table(
    "changes",
    "one field of one matched pair that would be written",
    (
        _OBJECT,
        _text("hubspot_id", "record id"),
        _text("dynamics_id", "record id"),
        _text("target_system", "the system that is written to"),
        _text("target_field", "the field that is written"),
        _text("source_field", "the field the value comes from"),
        _text("kind", "fill (was empty) or overwrite (had another value)"),
        _text("old_value", "value before; null for a fill"),
        _text("new_value", "value after, in the target's own form"),
        _text("note", "stale_winner, value_skipped, ...; null when there is nothing to say"),
    ),
    ("object", "hubspot_id", "dynamics_id", "target_system", "target_field"),
)

LINKS: Final = Table(
    "links",
    "one association of an input record",
    (
        _text("from_system", "system that holds the association"),
        _text("from_object", "object it starts at"),
        _text("from_id", "record it starts at"),
        _text("to_object", "object it points to"),
        _text("to_id", "record it points to"),
        _text("status", "synced, dropped_non_primary, parent_is_contact, target_not_synced, manual, auto_created"),
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
        _text("match_key", "the shared key"),
        _text("record_id", "record id"),
        _integer("position", "place in the group by first_record_order, from 1"),
        _flag("is_winner", "whether this record owns the key"),
        _text("differs_in", "mapped fields that differ from the winner's, separated by `;`; null when none"),
    ),
    ("system", "object", "match_key", "position"),
)

NEAR_NAMES: Final = Table(
    "near_names",
    "one pair of companies that should perhaps match and will not",
    (
        _text("hubspot_id", "company id"),
        _text("hubspot_name", "company name"),
        _text("dynamics_id", "account id"),
        _text("dynamics_name", "account name"),
        _text("reason", "legal_form, word_order, spacing, extra_word or typo"),
        Column("score", "number", "likeness from 0 to 100"),
        _text("corroboration", "what else agrees (domain, city, phone), separated by `;`; null when nothing does"),
    ),
    ("hubspot_id", "dynamics_id"),
)

MAPPING: Final = Table(
    "mapping",
    "one field mapping of an enabled object",
    (
        _OBJECT,
        _text("hubspot_field", "HubSpot property"),
        _text("dynamics_field", "Dynamics column"),
        _text("verdict", "ok, one_way, lossy or blocked"),
        _text("allowed_directions", "two_way, to_hubspot, to_dynamics or none: what will really flow"),
        _text("reason", "why the verdict is not plain ok; null when it is"),
        _RULE,
        _text("workaround", "what to do instead; null when nothing is needed"),
        _integer("rows_affected", "records that hold a value the verdict concerns; null when not checked"),
    ),
    ("object", "hubspot_field", "dynamics_field"),
)

FINDINGS: Final = Table(
    "findings",
    "one audit rule that has something to say",
    (
        _text("check_id", "G01 to G57"),
        _text("severity", "blocker, high, medium, low or not_checked"),
        _text("system", "hubspot, dynamics, or null when it concerns both"),
        _text("object", "object, or null when it concerns several"),
        _integer("count", "records concerned; null when not checked"),
        Column("share", "number", "count divided by the records looked at, 0 to 1; null when not checked"),
        _text("sentence", "what was found, for an admin, number first"),
        _text("fix", "what to do"),
        _RULE,
    ),
    ("check_id", "system", "object"),
)

SUMMARY: Final = Table(
    "summary",
    "one system, object, outcome and reason that occurs",
    (
        _SYSTEM,
        _OBJECT,
        _text("outcome", "as in outcomes"),
        _text("reason", "as in outcomes; null when the outcome has none"),
        _integer("count", "records"),
    ),
    ("system", "object", "outcome", "reason"),
)

SENSITIVITY: Final = Table(
    "sensitivity",
    "one choice of one assumption other than the one in force",
    (
        _text("assumption_id", "knob of rules/assumptions.toml"),
        _text("choice", "the other choice"),
        _integer("outcomes_changed", "records whose outcome, reason or counterpart would differ"),
        _text("by_object", "the same per object, as `contact=3;company=1`; null when none"),
    ),
    ("assumption_id", "choice"),
)

FORECAST_TABLES: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (OUTCOMES, CHANGES, LINKS, COLLISIONS, NEAR_NAMES, MAPPING, FINDINGS, SUMMARY, SENSITIVITY)
}
