"""Associations from the columns of associated records in HubSpot's exports, where there is no links file.

Facts
    * `Associated Company IDs` holds ids between semicolons; a heading with a label in brackets, those with that label.
    * The primary company has a column of its own (ids, a name, or the property that holds its id), or is the only one.
      Where a record has several and there is no such column, HubSpot does not say which is primary: the first is taken,
      and counted as a guess.
    * Where only names were exported, a company is identified by its exact name, if exactly one company has it.

    * A file of companies may name their contacts. It is read where the file of contacts says nothing of companies; it
      never says which company is a contact's primary one, so the first of several is taken, and counted as a guess.

Not modelled
    * What companies say of their deals, invoices and other companies.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from dynsync_lib.core.model import Object
from dynsync_lib.core.tables import ASSOCIATED_COMPANY, RecordTable
from dynsync_lib.portals.files.export_words import ExportWords
from dynsync_lib.portals.files.headings import Headings, is_removed
from dynsync_lib.portals.files.load_report import FileReport
from dynsync_lib.portals.files.name_index import NameIndex
from dynsync_lib.portals.files.record_ids import plain_number
from dynsync_lib.portals.files.sheets import Line, Sheet
from dynsync_lib.portals.files.unresolved_names import WhyUnresolved, unresolved_row
from dynsync_lib.snapshot.writer import TableRow

_COMPANIES: Final = "companies"


@dataclass(slots=True)
class AssociationColumns:
    """The columns of associated records of one file.

    `names` finds HubSpot's companies by name. `unresolved` are rows of
    `core.tables.UNRESOLVED_LOOKUPS`, once `rows` came to its end: one for each name of a record that means no single
    company.
    """

    sheet: Sheet
    headings: Headings
    words: ExportWords
    names: NameIndex
    report: FileReport
    unresolved: list[TableRow] = field(default_factory=list)
    _guessed: int = 0
    _columns: dict[str, list[tuple[int, str | None]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for column in self.headings.columns:
            association = self.words.association_of(column.text) if column.how != "internal" else None
            by_property = self.words.association_property(str(self._object), column.name)
            if by_property is not None:
                self._columns.setdefault(by_property, []).append((column.position, None))
            elif association is not None:
                kind, label = association
                self._columns.setdefault(kind, []).append((column.position, label))

    @property
    def are_there(self) -> bool:
        """Whether the file has columns of associated records."""
        return self._object is not Object.COMPANY and bool(self._columns)

    @property
    def name_contacts(self) -> bool:
        """Whether the file is one of companies that names their contacts."""
        return self._object is Object.COMPANY and "contact_ids" in self._columns

    @property
    def origin(self) -> Object | None:
        """The object whose associations come out: a company's are those of its contacts."""
        return Object.CONTACT if self._object is Object.COMPANY else self._object

    def leave_contacts(self) -> None:
        """Says that what companies say of their contacts is not read, since the contacts say it themselves."""
        texts = [self.headings.columns[position].text for position, _ in self._columns["contact_ids"]]
        self.report.notes.append(f"{', '.join(texts)}: left alone, as the contacts name their companies themselves.")

    @property
    def _table(self) -> RecordTable:
        return self.headings.table

    @property
    def _object(self) -> Object | None:
        return self._table.object

    def rows(self) -> Iterator[TableRow]:
        """One row like `core.tables.LINKS_IN` per association or label of one, in the order of the file.

        At its end the report receives what was guessed. Raises InputFileError as `Sheet.lines`.
        """
        if self._object is Object.COMPANY:
            yield from self._turned()
        else:
            for record_id, line in self._records():
                yield from self._companies(record_id, line)
                if self._object is not Object.CONTACT:
                    yield from self._contacts(record_id, line)
        self._conclude()

    def _records(self) -> Iterator[tuple[str, Line]]:
        """The records that were not removed: id and line."""
        lines = self.sheet.lines()
        next(lines)
        marks = self.headings.removal_marks
        for line in (line for line in lines if not is_removed(marks, line.cells)):
            yield plain_number(line.cells[self.headings.id_position]) or "", line

    def _turned(self) -> Iterator[TableRow]:
        """What companies say of their contacts, as associations of the contacts. Held in memory: pairs of ids."""
        labels: dict[str, dict[str, list[str]]] = {}
        for company, line in self._records():
            for contact in self._ids("contact_ids", line):
                labels.setdefault(contact, {}).setdefault(company, [])
            for contact, label in self._labelled("contact_ids", line):
                labels.setdefault(contact, {}).setdefault(company, []).append(label)
        for contact, companies in labels.items():
            self._guessed += len(companies) > 1
            for position, (company, of_company) in enumerate(companies.items()):
                ends = {"from_object": Object.CONTACT.value, "from_id": contact, "to_object": Object.COMPANY.value}
                yield {**ends, "to_id": company, "label": None, "is_primary": position == 0}
                for label in dict.fromkeys(of_company):
                    yield {**ends, "to_id": company, "label": label, "is_primary": False}

    def _companies(self, record_id: str, line: Line) -> Iterator[TableRow]:
        primary, others = self._primary(line), self._others_named(line)
        self._note_unresolved(record_id, line)
        plain = list(dict.fromkeys((*primary, *self._ids("company_ids", line), *others)))
        labelled = list(self._labelled("company_ids", line))
        every = list(dict.fromkeys((*plain, *(company for company, _ in labelled))))
        first = set(primary) if self._names_primary else set(every[:1])
        self._guessed += len(every) > 1 and not self._names_primary
        ends = {"from_object": str(self._object), "from_id": record_id, "to_object": Object.COMPANY.value}
        for company in every:
            if company in plain or company in first:
                yield {**ends, "to_id": company, "label": None, "is_primary": company in first}
        for company, label in labelled:
            yield {**ends, "to_id": company, "label": label, "is_primary": False}

    def _contacts(self, record_id: str, line: Line) -> Iterator[TableRow]:
        ends = {"from_object": str(self._object), "from_id": record_id, "to_object": Object.CONTACT.value}
        for contact in dict.fromkeys(self._ids("contact_ids", line)):
            yield {**ends, "to_id": contact, "label": None, "is_primary": False}
        for contact, label in self._labelled("contact_ids", line):
            yield {**ends, "to_id": contact, "label": label, "is_primary": False}

    def _ids(self, kind: str, line: Line) -> list[str]:
        positions = [position for position, label in self._columns.get(kind, ()) if label is None]
        return [part for position in positions for part in _parts(line.cells[position])]

    def _labelled(self, kind: str, line: Line) -> Iterator[tuple[str, str]]:
        for position, label in self._columns.get(kind, ()):
            if label is not None:
                yield from ((part, label) for part in _parts(line.cells[position]))

    @property
    def _names_primary(self) -> bool:
        """Whether a column says which company is the primary one."""
        return not self._columns.keys().isdisjoint({"primary_company_ids", "primary_company_names"})

    def _primary(self, line: Line) -> list[str]:
        if "primary_company_ids" in self._columns:
            return self._ids("primary_company_ids", line)
        return self._identified(self._names_of("primary_company_names", line))

    def _others_named(self, line: Line) -> list[str]:
        """The ids of the companies that are named, where no column holds ids."""
        return [] if self._has_ids else self._identified(self._names_of("company_names", line))

    @property
    def _has_ids(self) -> bool:
        """Whether a column holds the ids of associated companies."""
        return not self._columns.keys().isdisjoint({"company_ids", "primary_company_ids"})

    def _identified(self, names: Sequence[str]) -> list[str]:
        return [company for company in map(self._id_of, names) if company]

    def _note_unresolved(self, record_id: str, line: Line) -> None:
        """Keeps each name that is asked and means no single company; of a primary one whose id is there none is."""
        asked = [] if "primary_company_ids" in self._columns else self._names_of("primary_company_names", line)
        asked += [] if self._has_ids else self._names_of("company_names", line)
        for name in dict.fromkeys(asked):
            company = self._id_of(name)
            if not company:
                why = self._why_lost(name) if company is None else "ambiguous"
                self.unresolved.append(unresolved_row(self._table, record_id, ASSOCIATED_COMPANY, why))

    def _why_lost(self, name: str) -> WhyUnresolved:
        return "near" if self.names.is_near(_COMPANIES, name) else "unknown"

    def _names_of(self, kind: str, line: Line) -> list[str]:
        cells = [line.cells[position] for position, _ in self._columns.get(kind, ())]
        return [name for cell in cells for name in self._names_in(cell)]

    def _names_in(self, cell: str | None) -> list[str]:
        """The names in a cell; a company whose name holds a semicolon is one."""
        whole = (cell or "").strip()
        return [whole] if self.names.id_of(_COMPANIES, whole) is not None else _names(cell)

    def _id_of(self, name: str) -> str | None:
        """The id of the company of that name; a property such as `hs_primary_associated_company` holds the id."""
        by_name = self.names.id_of(_COMPANIES, name)
        return name if by_name is None and name.isdecimal() else by_name

    def _conclude(self) -> None:
        if self._guessed:
            self.report.guessed.append(
                f"Records with several companies, none of them marked primary ({self._guessed:,}): the first is taken."
            )
        if self.unresolved:
            self.report.guessed.append(
                f"Associated companies whose name no single company has ({len(self.unresolved):,}): left out."
            )
        texts: Sequence[str] = [
            self.headings.columns[position].text for kind in self._columns.values() for position, _ in kind
        ]
        self.report.notes.append(f"Associations are read from {', '.join(texts)}.")


def _parts(cell: str | None) -> list[str]:
    return [plain_number(part) or part for part in re.split(r"[;,\s]+", cell or "") if part]


def _names(cell: str | None) -> list[str]:
    return [part.strip() for part in (cell or "").split(";") if part.strip()]
