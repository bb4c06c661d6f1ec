"""What a rehearsal needs of the test portals: fields, options, stages, owners and currencies; and what they lack of it.

Facts
    * A plan asks no portal: it names what a portal fresh from its vendor has not. Once the test portals were read,
      `still_lacking` says what they really lack, types, lengths and ranges among it.
    * Each thing comes with where to add it; owners are people, whom only an administrator can invite. Their addresses
      here are those of look-alikes, so nobody's.

Not modelled
    * Plug-ins, workflows, business rules and duplicate detection of a test environment.

Where it is used: `rehearsal.planning.plan_folder`, `rehearsal.calibration`, `rehearsal.readiness`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from dynsync_lib.core.fields.catalogue import Catalogue, Field, build_catalogue
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.keys import trim
from dynsync_lib.core.lookup_names import bare_name
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.tables import RECORD_TABLES, RecordTable
from dynsync_lib.forecasts.forecast_folder import read_rows
from dynsync_lib.forecasts.open_snapshot import read_catalogue
from dynsync_lib.snapshot.snapshot import Snapshot

_CURRENCIES: Final = {"hubspot/deals": "deal_currency_code", "hubspot/invoices": "hs_currency"}
_STAGES: Final = frozenset({"dealstage", "pipeline"})
_DEFAULT_STAGES: Final = frozenset(
    {
        *("default", "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin"),
        *("contractsent", "closedwon", "closedlost"),
    }
)
"""The pipeline that every HubSpot portal begins with, and its stages."""
_LIMITS: Final = ("type", "length", "min_value", "max_value")
"""What two fields of one name must share, since values are refused by it."""
_MAKER: Final = "make.powerapps.com > the test environment > Tables"


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that a test portal lacks: `kind` is property, column, limits, option, stage, owner, user or currency.

    Of `limits` the field is there, and takes other values. `value` is the option, stage, address or code, empty for
    fields; `words` says what is lacking, `how` where to add it.
    """

    system: str
    object: str
    kind: str
    name: str
    value: str
    words: str
    how: str

    def as_dict(self) -> dict[str, str]:
        """The lack as a plan lists it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Needs:
    """What the look-alikes need: fields by system, object and name; the values of choices that stand in them; the
    addresses of owners and users by system; codes of currencies.
    """

    fields: Mapping[tuple[System, Object, str], Field]
    choices: Mapping[tuple[System, Object, str], frozenset[str]]
    addresses: Mapping[System, frozenset[str]]
    currencies: frozenset[str]


NOTHING_NEEDED: Final = Needs({}, {}, {}, frozenset())


def needs_of(look_alikes: Snapshot, rulebook: Rulebook) -> Needs:
    """What the look-alikes need of portals that are to hold them; reads them once."""
    catalogue = read_catalogue(look_alikes)
    fields: dict[tuple[System, Object, str], Field] = {}
    choices: dict[tuple[System, Object, str], frozenset[str]] = {}
    currencies: set[str] = set()
    addresses: dict[System, frozenset[str]] = {}
    for name, table in RECORD_TABLES.items():
        rows = read_rows(look_alikes.table_path(name))
        if table.object is None:
            addresses[table.system] = frozenset(row["email_key"] for row in rows) - {None}
            continue
        for field in _fields_of(look_alikes, catalogue, table):
            at = (field.system, field.object, field.name)
            fields[at] = field
            if kind_of(field, rulebook) in ("choice", "several_choices"):
                choices[at] = frozenset(_values(rows, field.name))
        code = _CURRENCIES.get(name, "")
        currencies |= {trim(row[code]) for row in rows if row.get(code)}
    return Needs(fields, choices, addresses, frozenset(currencies))


def lacking_at_first(needs: Needs, rulebook: Rulebook) -> list[Lack]:
    """What portals lack that are as their vendors deliver them: all that is not standard, and everybody."""
    schema = rulebook.standard_schema
    standard = build_catalogue([dict(row) for row in schema["properties"]], [dict(row) for row in schema["columns"]])
    return [
        *_lacking_fields(needs, standard, is_strict=False),
        *_lacking_people(needs, {}),
        *_lacking_currencies(needs, ()),
    ]


def still_lacking(
    needs: Needs, catalogue: Catalogue, *, addresses: Mapping[System, Collection[str]], currencies: Collection[str]
) -> list[Lack]:
    """What the test portals lack: `catalogue` are their fields, `addresses` those of their owners and users as finished
    keys, `currencies` the codes that HubSpot's account names.
    """
    return [
        *_lacking_fields(needs, catalogue, is_strict=True),
        *_lacking_people(needs, addresses),
        *_lacking_currencies(needs, currencies),
    ]


# --- What is needed ------------------------------------------------------------------------------------------------


def _fields_of(look_alikes: Snapshot, catalogue: Catalogue, table: RecordTable) -> Iterator[Field]:
    """The fields in which some look-alike of a table may hold a value."""
    object_ = table.own_object
    own = {column.name for column in table.structure}
    names = dict.fromkeys(bare_name(name) for name in look_alikes.columns(table.name) if name not in own)
    for name in names:
        field = catalogue.find(table.system, object_, name)
        if field is not None and not field.read_only:
            yield field


def _values(rows: list[dict[str, Any]], name: str) -> Iterator[str]:
    """The options that some rows hold: what stands between semicolons, in Dynamics between commas."""
    for row in rows:
        yield from filter(None, map(trim, (row.get(name) or "").replace(",", ";").split(";")))


# --- What is lacking -----------------------------------------------------------------------------------------------


def _lacking_fields(needs: Needs, catalogue: Catalogue, *, is_strict: bool) -> Iterator[Lack]:
    for (system, object_, name), field in sorted(needs.fields.items(), key=lambda pair: pair[0]):
        here = catalogue.find(system, object_, name)
        if here is None:
            yield _lack(field, "", f"no {_kind(system)} {name} on {_table(field)}", _how_to_add(field))
            continue
        if is_strict:
            yield from _other_limits(field, here)
        yield from _lacking_options(needs, field, here)


def _lacking_options(needs: Needs, field: Field, here: Field) -> Iterator[Lack]:
    known = {option.value for option in here.options} | (_DEFAULT_STAGES if field.name in _STAGES else frozenset())
    wanted = needs.choices.get((field.system, field.object, field.name), frozenset())
    declared = {option.value: option.label for option in field.options}
    if not here.options and field.name not in _STAGES:
        return
    for value in sorted(wanted - known):
        if field.name in _STAGES:
            how = "HubSpot: Settings > Objects > Deals > Pipelines; copy the internal id into the settings' stages"
            yield _lack(field, value, f"no deal stage or pipeline {value}", how, kind="stage")
        elif value in declared:
            how = f"{_where(field)} > {field.name} > add the option {declared[value]} with the value {value}"
            yield _lack(field, value, f"no option {value} in {field.name} on {_table(field)}", how, kind="option")


def _other_limits(field: Field, here: Field) -> Iterator[Lack]:
    other = [
        name for name in _LIMITS if getattr(field, name) != getattr(here, name) and getattr(field, name) is not None
    ]
    if other:
        name = other[0]
        words = f"{field.name} on {_table(field)} has the {name.removesuffix('_value')} {getattr(here, name)}"
        how = f"{_where(field)} > {field.name}: the rehearsal needs {getattr(field, name)}"
        yield _lack(field, "", words, how, kind="limits")


def _lacking_people(needs: Needs, addresses: Mapping[System, Collection[str]]) -> Iterator[Lack]:
    for system, wanted in sorted(needs.addresses.items()):
        for address in sorted(wanted - set(addresses.get(system, ()))):
            kind = "owner" if system is System.HUBSPOT else "user"
            how = {
                System.HUBSPOT: f"HubSpot: Settings > Users & Teams > Create user {address}",
                System.DYNAMICS: f"admin.powerplatform.microsoft.com > the environment > Users > Add user {address}",
            }[system]
            words = f"no {kind} with the made-up address {address}; without one, owners are left out"
            yield Lack(system.value, "", kind, kind, address, words, how)


def _lacking_currencies(needs: Needs, currencies: Collection[str]) -> Iterator[Lack]:
    for code in sorted(needs.currencies - set(currencies)):
        how = f"HubSpot: Settings > Account Defaults > Currency > Add currency {code}"
        yield Lack(System.HUBSPOT.value, "", "currency", "currency", code, f"no currency {code}", how)


def _lack(field: Field, value: str, words: str, how: str, *, kind: str | None = None) -> Lack:
    kind = kind or _kind(field.system)
    return Lack(field.system.value, field.object.value, kind, field.name, value, words, how)


def _kind(system: System) -> str:
    return "property" if system is System.HUBSPOT else "column"


def _table(field: Field) -> str:
    words = {Object.COMPANY: "account", Object.DEAL: "opportunity"}
    return field.object.value if field.system is System.HUBSPOT else words.get(field.object, field.object.value)


def _where(field: Field) -> str:
    if field.system is System.HUBSPOT:
        return f"HubSpot: Settings > Properties > {_table(field)} properties"
    return f"{_MAKER} > {_table(field)} > Columns"


def _how_to_add(field: Field) -> str:
    length = f", at most {field.length} characters" if field.length is not None else ""
    options = f", with the options {', '.join(option.value for option in field.options)}" if field.options else ""
    new = "Create property" if field.system is System.HUBSPOT else "New column"
    return f"{_where(field)} > {new}: name {field.name}, type {field.type}{length}{options}"
