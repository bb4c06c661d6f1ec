"""Which columns look-alikes have, and what becomes of the values in each.

Facts
    * Look-alikes have what the sync looks at: mapped fields, fields of filters and match keys, lookups, stages, what a
      record must have; nothing else of a customer's record.
    * Numbers, dates, yes and no, and options stay, since they decide by what they are. All other texts are replaced
      (`rehearsal.planning.pseudonyms`), in typed fields as well where they are no such value.
    * Fields that are mapped to one another, or matched by, are treated alike, so that equal stays equal.
    * What only the portals write (times of change, HubSpot's times of creation, calculated and read-only fields) no
      look-alike can bring: times are those of the seeding, other such fields are blank. Dynamics takes times of
      creation along, as `overriddencreatedon`.

Where it is used: `rehearsal.planning.look_alikes`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.filter_tree import Comparison, Filter, conditions_of
from dynsync_lib.core.keys import lower, trim
from dynsync_lib.core.lookup_names import bare_name, is_lookup_id, is_lookup_type
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import KEY_SOURCE, RECORD_TABLES, RecordTable, objects_in, record_table
from dynsync_lib.snapshot.snapshot import Snapshot

_TYPED_KINDS: Final = frozenset({"number", "date", "datetime", "yes_no", "choice", "several_choices"})
_TYPED: Final = re.compile(r"[+-]?[0-9][0-9.,]*(?:[eE][0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|true|false|yes|no", re.I)
"""What numbers, dates and flags look like, rightly written or not."""
_STRUCTURE: Final[Mapping[str, tuple[str, ...]]] = {
    "hubspot/contacts": ("firstname", "lastname", "lifecyclestage", "hs_additional_emails"),
    "hubspot/companies": ("lifecyclestage", "hs_additional_domains"),
    "hubspot/deals": ("dealname", "dealstage", "pipeline", "deal_currency_code"),
    "hubspot/invoices": ("hs_currency",),
    "hubspot/owners": ("email", "archived"),
    "dynamics/contacts": ("lastname", "statecode", "statuscode", "parentcustomerid"),
    "dynamics/accounts": ("statecode", "statuscode"),
    "dynamics/leads": ("lastname", "subject", "statecode", "statuscode"),
    "dynamics/opportunities": (
        *("name", "statecode", "statuscode", "customerid", "parentaccountid"),
        *("parentcontactid", "transactioncurrencyid"),
    ),
    "dynamics/invoices": ("name", "statecode", "statuscode", "customerid", "transactioncurrencyid"),
    "dynamics/users": ("internalemailaddress", "fullname", "isdisabled"),
}
"""What a record is made of, mapped or not, by table."""
_WEB_NAMES: Final = frozenset({"domain", "website", "websiteurl", "hs_additional_domains"})
_LISTS: Final = frozenset({"hs_additional_emails", "hs_additional_domains"})
"""Properties that hold several texts between semicolons."""


class Treatment(StrEnum):
    """What becomes of the values of a column."""

    KEPT = "kept"
    TYPED = "typed"
    """Kept where it is a number, date, flag or known option; else as TEXT."""
    TEXT = "text"
    WEB = "web"
    LOOKUP = "lookup"
    """An id of another record: that of its look-alike."""
    TIME = "time"
    """Set by the portal when the record is written."""
    CREATED = "created"
    """A time of creation that Dynamics takes along; set by the portal where there is none."""
    BLANK = "blank"
    """Worked out by the portal, so that nobody can write it."""


@dataclass(frozen=True, slots=True)
class Masked:
    """One column: what becomes of its values, and the words that stay in it, in lower case."""

    treatment: Treatment
    words: frozenset[str] = frozenset()
    separators: str = ""
    """What stands between the parts of a value, where it has several."""

    def parts(self, value: str) -> list[str]:
        """The parts of a value with what stands between them: every second one is a separator."""
        return re.split(f"([{self.separators}])", value) if self.separators else [value]

    def keeps(self, part: str) -> bool:
        """Whether a part of a value stays as it is."""
        if self.treatment is Treatment.KEPT:
            return True
        plain = lower(trim(part))
        return self.treatment is Treatment.TYPED and (bool(_TYPED.fullmatch(plain)) or plain in self.words)


@dataclass(frozen=True, slots=True)
class FieldMasks:
    """The columns of look-alikes by table and name, in order. `kept_texts` are texts of filters, in lower case."""

    columns: Mapping[str, Mapping[str, Masked]]
    kept_texts: frozenset[str] = field(default_factory=frozenset)

    def set_by_portal(self, table: str) -> list[str]:
        """The columns of a table whose values no look-alike can bring."""
        by_portal = (Treatment.TIME, Treatment.BLANK)
        return [name for name, masked in self.columns[table].items() if masked.treatment in by_portal]


def find_masks(snapshot: Snapshot, settings: Settings, rulebook: Rulebook, catalogue: Catalogue) -> FieldMasks:
    """The masks for the look-alikes of a snapshot under settings."""
    classes = _Classes(settings, rulebook, catalogue)
    return FieldMasks(
        {
            name: {column: classes.mask(table, column) for column in _columns(snapshot, settings, catalogue, table)}
            for name, table in RECORD_TABLES.items()
        },
        frozenset(_kept_texts(settings, rulebook, catalogue)),
    )


# --- Which columns -------------------------------------------------------------------------------------------------


def _columns(snapshot: Snapshot, settings: Settings, catalogue: Catalogue, table: RecordTable) -> Iterator[str]:
    """The vendor columns of a table's look-alikes, as delivered."""
    names = {*_STRUCTURE[table.name], *KEY_SOURCE.get(table.name, {}).values()}
    for object_ in objects_in(table):
        sync = settings.sync[object_]
        names |= {mapping.hubspot if table.system is System.HUBSPOT else mapping.dynamics for mapping in sync.mappings}
        names |= {sync.match_field(table.system) or ""} | set(_asked(sync.filter_of(table.system)))
    if table.object is not None:
        names |= {table.created_field, table.modified_field}
        names |= set(_required(catalogue, table))
    if table.name == "hubspot/contacts":
        names |= set(_asked(settings.hubspot.marketing_criterion))
    own = {column.name for column in table.structure}
    delivered = [name for name in snapshot.columns(table.name) if name not in own]
    yield from (name for name in delivered if name in names or bare_name(name) in names)


def _asked(filter_: Filter | None) -> tuple[str, ...]:
    return () if filter_ is None else tuple(map(bare_name, filter_.fields))


def _required(catalogue: Catalogue, table: RecordTable) -> Iterator[str]:
    object_ = table.own_object
    for name in catalogue.names(table.system, object_):
        known = catalogue.find(table.system, object_, name)
        if known is not None and known.required == "ApplicationRequired" and not known.read_only:
            yield name


# --- What becomes of their values ----------------------------------------------------------------------------------

_Node = tuple[str, str]
"""A field by table and name."""


class _Classes:
    """Which fields are treated alike: they are mapped to one another, or records are matched by them."""

    def __init__(self, settings: Settings, rulebook: Rulebook, catalogue: Catalogue) -> None:
        self._rulebook, self._catalogue = rulebook, catalogue
        self._class: dict[_Node, set[_Node]] = {}
        self._words: dict[_Node, set[str]] = defaultdict(set)
        for object_, sync in settings.sync.items():
            tables = {system: record_table(object_, system).name for system in System}
            for mapping in sync.mappings:
                ends = (tables[System.HUBSPOT], mapping.hubspot), (tables[System.DYNAMICS], mapping.dynamics)
                self._join(*ends)
                for end in ends:
                    self._words[end] |= {*mapping.options, *mapping.options.values()}
            if sync.match_hubspot and sync.match_dynamics:
                self._join((tables[System.HUBSPOT], sync.match_hubspot), (tables[System.DYNAMICS], sync.match_dynamics))
            for system, table in tables.items():
                for name, value in _named_values(sync.filter_of(system)):
                    self._words[table, bare_name(name)].add(value)
            self._words["hubspot/contacts", "lifecyclestage"] |= {*sync.lifecycle_stages}

    def mask(self, table: RecordTable, column: str) -> Masked:
        """The mask of a delivered column."""
        if column == table.created_field and table.system is System.DYNAMICS:
            return Masked(Treatment.CREATED)
        if column in (table.created_field, table.modified_field):
            return Masked(Treatment.TIME)
        if is_lookup_id(column) or is_lookup_type(column):
            return Masked(Treatment.LOOKUP)
        if column in _LISTS:
            return Masked(Treatment.WEB if column in _WEB_NAMES else Treatment.TEXT, separators=";")
        node = (table.name, column)
        known = self._find(node)
        if known is not None and known.read_only:
            return Masked(Treatment.BLANK)
        if known is not None and kind_of(known, self._rulebook) == "owner":
            return Masked(Treatment.LOOKUP)
        if column in ("archived", "isdisabled"):
            return Masked(Treatment.KEPT)
        return self._mask_of_class(node)

    def _mask_of_class(self, node: _Node) -> Masked:
        alike = self._class.get(node, {node})
        fields = [known for known in map(self._find, sorted(alike)) if known is not None]
        kinds = {kind_of(known, self._rulebook) for known in fields}
        own = self._find(node)
        if own is not None and kind_of(own, self._rulebook) in ("choice", "several_choices") and not own.options:
            return Masked(Treatment.KEPT)
        if kinds & _TYPED_KINDS:
            words = {word for member in alike for word in self._words[member]}
            words |= {text for known in fields for option in known.options for text in (option.value, option.label)}
            separators = ",;" if "several_choices" in kinds else ""
            return Masked(Treatment.TYPED, frozenset(lower(trim(word)) for word in words), separators)
        is_web = any(name in _WEB_NAMES for _, name in alike) or any(known.format == "Url" for known in fields)
        return Masked(Treatment.WEB if is_web else Treatment.TEXT)

    def _find(self, node: _Node) -> Field | None:
        table = RECORD_TABLES[node[0]]
        return None if table.object is None else self._catalogue.find(table.system, table.object, node[1])

    def _join(self, first: _Node, second: _Node) -> None:
        alike = self._class.get(first, {first}) | self._class.get(second, {second})
        for node in alike:
            self._class[node] = alike


def _named_values(filter_: Filter | None) -> Iterator[tuple[str, str]]:
    """Field and value of every comparison of a filter."""
    for condition in conditions_of(filter_.tree) if filter_ is not None else ():
        if isinstance(condition, Comparison):
            yield from ((condition.field, value) for value in condition.values)


def _kept_texts(settings: Settings, rulebook: Rulebook, catalogue: Catalogue) -> Iterator[str]:
    """The texts that filters compare texts with, in lower case."""
    filters = [
        (object_, system, sync.filter_of(system)) for object_, sync in settings.sync.items() for system in System
    ]
    for object_, system, filter_ in [*filters, (Object.CONTACT, System.HUBSPOT, settings.hubspot.marketing_criterion)]:
        for name, value in _named_values(filter_):
            known = catalogue.find(system, object_, name)
            if trim(value) and (known is None or kind_of(known, rulebook) in ("text", None)):
                yield lower(trim(value))


def choose_texts(
    rows: Iterable[Mapping[str, object]], masks: Mapping[str, Masked], treatments: Collection[Treatment]
) -> Iterator[str]:
    """The texts of some rows that have to be replaced under one of the treatments."""
    for row in rows:
        for column, masked in masks.items():
            value = row.get(column)
            if masked.treatment in treatments and isinstance(value, str):
                yield from (part for part in masked.parts(value)[::2] if not masked.keeps(part))
