"""Cells of one lookup: the id of the record it points to, and the table of that record.

Facts
    * A cell holds an id, or the name of a record. A name is found among the exported records; exactly one must have it.
    * Where no cell says to which table an id points, the exported records that have the id do.
    * HubSpot marks owners that left, `(Deactivated User)`; they are looked up among the archived ones.

Not modelled
    * Teams, which nobody exports.

Where it is used: `portals.files.file_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dynsync_lib.portals.files.headings import Heading
from dynsync_lib.portals.files.name_index import NameIndex
from dynsync_lib.portals.files.record_ids import is_guid, plain_guid, plain_number
from dynsync_lib.portals.files.unresolved_names import WhyUnresolved

Cells = Sequence[str | None]


@dataclass(slots=True)
class LookupColumn:
    """One lookup of a file.

    `heading` is the column of ids or names, `type_position` the position of the column that names tables, None without
    one; `tables` are the lookup's tables by the words that services write for them.

    `resolved` counts the names whose record was identified, `unknown` those that name no record of the files, `near`
    those among them that a record has but for case, blanks or accents, `ambiguous` those that name several; `untyped`
    the ids of which nothing says to which table they point. `lost` says why the cell that was read last means no single
    record; None where it means one, or nobody.
    """

    heading: Heading
    index: NameIndex
    type_position: int | None
    tables: Mapping[str, str]
    resolved: int = 0
    unknown: int = 0
    near: int = 0
    ambiguous: int = 0
    untyped: int = 0
    lost: WhyUnresolved | None = None

    @property
    def is_hubspot(self) -> bool:
        """Whether it is HubSpot's owner, whose id replaces the name."""
        return self.heading.is_hubspot

    @property
    def added(self) -> tuple[str, ...]:
        """The columns it adds to the row: of a lookup under a label both, under an internal name the type it lacks."""
        if self.heading.field is None or self.is_hubspot:
            return ()
        value, type_ = f"_{self.heading.field.name}_value", f"_{self.heading.field.name}_type"
        lacks_type = self.type_position is None and self._needs_type
        return (*((value,) if self.heading.name != value else ()), *((type_,) if lacks_type else ()))

    @property
    def _needs_type(self) -> bool:
        """Without the column of types every owner is a user and every customer an account; files know better."""
        return not self.heading.is_internal or {"account", "contact"} <= set(self.heading.points_to)

    def read(self, cells: Cells) -> dict[str, str | None]:
        """The columns of one row that the lookup adds or changes. Counts its cell, and sets `lost`."""
        self.lost = None
        cell = cells[self.heading.position]
        if self.is_hubspot:
            return {self.heading.name: self._owner(cell)}
        assert self.heading.field is not None  # noqa: S101 - only known fields are lookups
        value, type_ = f"_{self.heading.field.name}_value", f"_{self.heading.field.name}_type"
        type_cell = cells[self.type_position] if self.type_position is not None else None
        record_id, target = self._record(cell, self._table(type_cell))
        if self.type_position is None and not self._needs_type:
            return {value: record_id}
        return {value: record_id, type_: target if target is not None else type_cell}

    def _owner(self, cell: str | None) -> str | None:
        plain = plain_number(cell)
        if plain is None or plain.isdecimal():
            return plain
        return self._named(plain, self.heading.points_to)[0] or cell

    def _record(self, cell: str | None, table: str | None) -> tuple[str | None, str | None]:
        """Id and table of the record that a cell means; `table` is what the column of types says."""
        plain = plain_guid(cell)
        if not plain:
            return None, None
        if is_guid(plain) or self.heading.text.startswith("_"):
            return plain, table if table is not None else self._table_of(plain)
        targets = (table,) if table in self.heading.points_to and table is not None else self.heading.points_to
        return self._named((cell or "").strip(), targets)

    def _table_of(self, record_id: str) -> str | None:
        targets = self.heading.points_to
        if len(targets) == 1 or not self._needs_type:
            return targets[0] if len(targets) == 1 else None
        table = next((target for target in targets if record_id in self.index.record_ids(target)), None)
        self.untyped += table is None
        return table

    def _table(self, cell: str | None) -> str | None:
        """The table that a cell of the column of types names; None when it is empty or a word nobody knows."""
        return self.tables.get((plain_number(cell) or "").casefold())

    def _named(self, name: str, targets: Sequence[str]) -> tuple[str | None, str | None]:
        """Id and table of the one record of that name; None for both when none has it, or several have."""
        known = [(target, self.index.id_of(target, name)) for target in targets]
        hits = [(record_id, target) for target, record_id in known if record_id is not None]
        if len(hits) == 1 and hits[0][0]:
            self.resolved += 1
            return hits[0]
        self.ambiguous += bool(hits)
        self.unknown += not hits
        is_near = not hits and any(self.index.is_near(target, name) for target in targets)
        self.near += is_near
        self.lost = "ambiguous" if hits else "near" if is_near else "unknown"
        return None, None

    def sentences(self) -> list[str]:
        """What the report says of its cells; nothing when all were ids whose table is known."""
        sentences = []
        if self.resolved + self.unknown + self.ambiguous:
            parts = [f"found {self.resolved:,}"]
            parts += [f"name no record that was exported {self.unknown:,}"] if self.unknown else []
            parts += [f"name several {self.ambiguous:,}"] if self.ambiguous else []
            why = f" ({self._why_unknown})" if self.unknown and self._why_unknown else ""
            sentences.append(f"{self.heading.text} holds names, not ids: {', '.join(parts)}{why}.")
            sentences += [
                f"{self.heading.text}: {table} has no Full Name; first and last name, in this order, were taken for it."
                for table in self.index.joined_tables(self.heading.points_to)
            ]
        if self.untyped:
            sentences.append(
                f"{self.heading.text}: ids of records that were not exported ({self.untyped:,}), and nothing says of "
                f"which table; read as {self._usual_table}."
            )
        return sentences

    @property
    def _why_unknown(self) -> str:
        """Which tables of the lookup are not there, or without names, and how many names are nearly a record's."""
        whys = [(", ".join(self.index.missing_tables(self.heading.points_to)), "not there")]
        whys.append((", ".join(self.index.nameless_tables(self.heading.points_to)), "exported without names"))
        sentences = [f"{tables} {why}" for tables, why in whys if tables]
        near = [f"{self.near:,} but for case, blanks or accents a record's"] if self.near else []
        return "; ".join([*sentences, *near])

    @property
    def _usual_table(self) -> str:
        return "accounts" if "account" in self.heading.points_to else self.heading.points_to[0]
