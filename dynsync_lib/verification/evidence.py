"""What a receipt is worked out from: both snapshots in one engine, and the forecast of the earlier one.

Facts
    * A *family* is what one HubSpot table syncs with: HubSpot's contacts belong with Dynamics' contacts and leads.
    * A field of Dynamics that is a lookup or an owner stands in the column `_x_value`.

Where it is used: the other modules of `verification`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import Object, System, flows_into
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.tables import RECORD_TABLES, RecordTable, objects_in
from dynsync_lib.engine import Engine
from dynsync_lib.snapshot.snapshot import Snapshot

FAMILIES: Final = (Object.COMPANY, Object.CONTACT, Object.DEAL, Object.INVOICE)
"""By the object of their HubSpot table."""
TEXT_KIND: Final = "text"
Form: TypeAlias = "Callable[[nw.Expr], nw.Expr]"


@dataclass(frozen=True, slots=True)
class MappedField:
    """A field that the sync may write: its name, the column it stands in, and its kind (`text`, `number`, ...).

    `is_trimmed`: no value of it has outer white space in either snapshot.
    """

    name: str
    column: str
    kind: str
    is_trimmed: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a receipt is made of. `info` is the forecast's `forecast.json`, `mappings` its table `mapping`.

    `is_sync_alone`: nobody but the sync works in these portals, so a date alone tells of no person.
    """

    engine: Engine
    before: Snapshot
    after: Snapshot
    forecast: Path
    info: Mapping[str, Any]
    catalogue: Catalogue
    rulebook: Rulebook
    mappings: Sequence[Mapping[str, Any]]
    is_sync_alone: bool = False

    def records(self, snapshot: Snapshot, table: RecordTable) -> Frame:
        """The records of one table of one of the two snapshots."""
        return self.engine.scan(snapshot.table_path(table.name))

    def forecast_table(self, name: str) -> Frame:
        """A table of the forecast."""
        return self.engine.scan(self.forecast / f"{name}.parquet")

    def outcomes(self, table: RecordTable) -> Frame:
        """The outcomes of the records of one table."""
        is_ours = (nw.col("system") == table.system.value) & (nw.col("object") == str(table.object))
        return self.forecast_table("outcomes").filter(is_ours)

    def delivered(self, table: RecordTable, name: str) -> str | None:
        """The column in which both snapshots hold a field; None when one of them does not."""
        columns = set(self.before.columns(table.name)) & set(self.after.columns(table.name))
        return next((column for column in (name, f"_{name}_value") if column in columns), None)

    def written_fields(self, table: RecordTable) -> list[MappedField]:
        """The fields of a table that a mapping may write and that both snapshots hold, each once."""
        names = [
            str(row[f"{table.system}_field"])
            for row in self.mappings
            if Object(row["object"]) in objects_in(table) and flows_into(row["allowed_directions"], table.system)
        ]
        fields = []
        for name in dict.fromkeys(names):
            column = self.delivered(table, name)
            if column is not None:
                is_trimmed = all(column in moment.trimmed_columns(table.name) for moment in (self.before, self.after))
                fields.append(MappedField(name, column, self.kind(table, name), is_trimmed))
        return fields

    def held_tables(self, system: System, family: Object) -> list[RecordTable]:
        """The tables of a family on one side that have a record in one of the snapshots; the first where none has."""
        tables = tables_of(system, family)
        held = [table for table in tables if self.before.rows(table.name) or self.after.rows(table.name)]
        return held or tables[:1]

    def is_held(self, family: Object) -> bool:
        """Whether one of the snapshots has a record of a family."""
        tables = [table for system in System for table in tables_of(system, family)]
        return any(self.before.rows(table.name) or self.after.rows(table.name) for table in tables)

    def kind(self, table: RecordTable, name: str) -> str:
        """What the values of a field are; `address` and `telephone` are texts that are compared in their own way."""
        field = self.catalogue.find(table.system, table.own_object, name)
        if field is None:
            return TEXT_KIND
        kind = kind_of(field, self.rulebook) or TEXT_KIND
        return _kind_of_text(field) if kind == TEXT_KIND else kind


def _kind_of_text(field: Field) -> str:
    if field.name == "email" or field.format == "Email":
        return "address"
    is_telephone = field.type == "phone_number" or field.format in ("phonenumber", "Phone")
    return "telephone" if is_telephone else TEXT_KIND


OWN_FORMS: Final[Mapping[str, Form]] = {
    "address": typed_values.lowered,
    "telephone": lambda value: nw.coalesce(typed_values.digits(value), value),
    "number": lambda value: nw.coalesce(typed_values.number_text(value), value),
    "date": lambda value: value.str.slice(0, 10),
    "datetime": lambda value: nw.coalesce(typed_values.moment(value), value),
    "yes_no": lambda value: nw.coalesce(typed_values.truth(value), value),
}
"""By kind how a trimmed value is brought into a form in which equal values are the same text; others stay as they are.

Source: rule field.equal-after-typing.
"""


def own_form(field: MappedField, value: nw.Expr) -> nw.Expr:
    """A delivered value of a field, trimmed and in the form of its kind; null when blank."""
    text = typed_values.trimmed(value, already=field.is_trimmed)
    return OWN_FORMS[field.kind](text) if field.kind in OWN_FORMS else text


def tables_of(system: System, family: Object) -> list[RecordTable]:
    """The record tables of a family on one side."""
    objects = (family, Object.LEAD) if (system, family) == (System.DYNAMICS, Object.CONTACT) else (family,)
    return [table for table in RECORD_TABLES.values() if table.system is system and table.object in objects]


def differ(first: nw.Expr, second: nw.Expr) -> nw.Expr:
    """Whether two values are not the same; null is the same as null and as nothing else."""
    both_blank = first.is_null() & second.is_null()
    return ~(both_blank | (first == second).fill_null(value=False))
