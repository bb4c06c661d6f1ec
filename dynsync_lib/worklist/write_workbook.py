"""A worklist as an Excel workbook: one sheet a decision, one row a thing to do, and a first sheet about its use.

Facts
    * The same forecast and snapshot give the same bytes.
    * What does not fit on a sheet goes on on a further one, such as `Overwrites 2`.
    * The first sheet says whose names are shown, what is not known, what is not listed, and which links are mere texts.
    * A sheet that needs records, columns or associations nobody delivered has at least its rows; without any, how many
      it has is not known.
    * A workbook in which somebody has written marks is not replaced.
    * At the level `counts` sheets of records are left out, and the first sheet has their numbers alone, of people
      rounded to fives: of fewer than five it says that. Mappings, options and findings can be marked as ever.

Where it is used: `kit.worklists`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from dynsync_lib.core.masking import FEWER, SMALL_COUNT, Masking, is_small, may_be_people, round_to_fives
from dynsync_lib.core.model import Severity
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.errors import InputFileError, UsageError
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts.finding_rows_file import AGAIN, NOT_FOUND_AGAIN
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.report.forecast_tables import undelivered_tables
from dynsync_lib.workbooks.new import EXCEL, Limits, NewSheet, new_workbook, tall_heading
from dynsync_lib.worklist.forecast_id import forecast_id
from dynsync_lib.worklist.queries import NOT_LISTED
from dynsync_lib.worklist.read_workbook import FilledWorkbook, read_workbook
from dynsync_lib.worklist.rows import NOT_KNOWN, RowMaker
from dynsync_lib.worklist.sheets import (
    COLUMNS,
    DATA_OF,
    FIRST_SHEET,
    FORECAST_ID,
    LINK_COLUMNS,
    MARKS,
    NEEDING_SNAPSHOT,
    SHEETS,
    Sheet,
    heading_of,
)

_MARK_RULE: Final = {
    "validate": "list",
    "source": list(MARKS),
    "error_title": "Mark",
    "error_message": "Choose accept, fix or ignore, or leave the cell empty.",
}
_LINKS: Final = tuple(heading_of(column) for column in LINK_COLUMNS)
_SHEETS_HEADING: Final = ("Sheet", "Decision", "Rows", "Minutes", "Open deals", "Open deal value")
"""On the first sheet, over the list of the others."""
_NO_RANKS: Final = "Not asked for: `dynsync worklist --rank` says what to fix first."
_KNOWN_NUMBER: Final = (int, float)


@dataclass(slots=True)
class WrittenSheet:
    """What was written of one decision: `titles` of its sheets, `rows`, `minutes`, the deals behind, and `notes`.

    `is_known` is false where nobody could say which rows there are, `is_whole` where there may be more than these.
    `in_part` names the amounts that some rows lack, `is_few` says that they are of so few people that it may not be
    told how many, `has_few_deals` the same of the deals, whose value is then left out.
    """

    sheet: Sheet
    titles: list[str] = field(default_factory=list)
    is_known: bool = True
    is_whole: bool = True
    rows: int = 0
    minutes: int = 0
    open_deals: int = 0
    open_value: float = 0.0
    in_part: set[str] = field(default_factory=set)
    is_few: bool = False
    has_few_deals: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def told_rows(self) -> int | str | None:
        """How many rows it has, as it may be told; None where nobody knows."""
        if not self.is_known:
            return None
        return FEWER if self.is_few else self.rows

    def round_people(self) -> None:
        """Rounds all numbers to fives; what fewer than five deals are worth is left out."""
        self.is_few = is_small(None, self.rows)
        self.rows = round_to_fives(self.rows)
        self.minutes = self.sheet.minutes * self.rows
        self.has_few_deals = 0 < self.open_deals < SMALL_COUNT
        self.open_deals = round_to_fives(self.open_deals)


def refuse_marked(out: Path) -> None:
    """Raises UsageError unless the file is not there, or is a worklist in which nobody wrote anything."""
    if not os.path.lexists(out):
        return
    try:
        filled = read_workbook(out)
    except InputFileError:
        filled = FilledWorkbook()
    if out.is_symlink() or filled.forecast_id is None or filled.other_sheets:
        raise UsageError(f"{out} is something else than a worklist.", next_step="Name a file that is not there.")
    if filled.marked or filled.faults:
        raise UsageError(
            f"{out} is a worklist in which somebody wrote.",
            next_step="Import it with `dynsync worklist import`, then name another file or move it.",
        )


def write_workbook(
    out: Path,
    forecast: Forecast,
    maker: RowMaker,
    *,
    fixes: str | None = None,
    not_checked: Sequence[str] = (),
    limits: Limits = EXCEL,
) -> list[WrittenSheet]:
    """Writes the worklist of a forecast to the file `out`, which appears, or is replaced, when it is whole.

    `fixes` says what the best fixes clear; None where nobody worked it out. `not_checked` are sentences for the first
    sheet. Gives one entry a sheet, in their order.
    """
    lacking = _lacking(forecast)
    out.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(beside=out.parent) as work:
        fresh = work / out.name
        with new_workbook(fresh, "Worklist of a forecast") as book:
            first = book.add_worksheet(FIRST_SHEET)
            heading = tall_heading(book)
            written = [
                _write_sheet(book, heading, sheet, maker, limits, is_whole=sheet.name not in lacking)
                for sheet in SHEETS
            ]
            _write_first(first, heading, _first_rows(forecast, maker, written, fixes or _NO_RANKS, not_checked))
        os.replace(fresh, out)
    return written


def _lacking(forecast: Forecast) -> frozenset[str]:
    """The sheets that may lack rows: tables, columns or associations of objects that are on were not delivered."""
    missing = set(undelivered_tables(forecast))
    findings = forecast.rows("findings", where={"severity": Severity.NOT_CHECKED})
    unchecked = {row["check_id"] for row in findings}
    objects = set(forecast.info.get("objects") or ())
    return frozenset(
        sheet.name
        for sheet in SHEETS
        if not missing.isdisjoint(sheet.needs)
        or (
            not unchecked.isdisjoint(sheet.rests_on)
            and any(RECORD_TABLES[name].object in objects for name in sheet.needs)
        )
    )


def _write_sheet(
    book: xlsxwriter.Workbook,
    heading: Any,
    sheet: Sheet,
    maker: RowMaker,
    limits: Limits,
    *,
    is_whole: bool,
) -> WrittenSheet:
    written = WrittenSheet(sheet, is_whole=is_whole)
    if sheet.is_of_records and maker.mask.level is Masking.COUNTS:
        _count_rows(written, maker)
    else:
        _write_rows(book, heading, written, maker, limits)
    is_looked_up = maker.tables.has_finding_rows or sheet.name not in NEEDING_SNAPSHOT
    written.is_known = is_looked_up and (written.is_whole or written.rows > 0)
    return written


def _count_rows(written: WrittenSheet, maker: RowMaker) -> None:
    """Counts the rows of a sheet that nobody may see; of people all numbers are rounded to fives."""
    written.titles.append(written.sheet.title)
    objects = set()
    for asked, cells in maker.rows(written.sheet):
        objects.add(asked["object"])
        _add_up(written, cells)
    if any(map(may_be_people, objects)):
        written.round_people()


def _write_rows(
    book: xlsxwriter.Workbook, heading: Any, written: WrittenSheet, maker: RowMaker, limits: Limits
) -> None:
    sheet = written.sheet
    page: NewSheet | None = None
    for _, cells in maker.rows(sheet):
        if page is None or page.is_full:
            _finish(page, sheet, written)
            page = _new_page(book, heading, sheet, written, limits)
        page.add([cells.get(column) for column in sheet.columns])
        _add_up(written, cells)
    _finish(page or _new_page(book, heading, sheet, written, limits), sheet, written)


def _new_page(book: xlsxwriter.Workbook, heading: Any, sheet: Sheet, written: WrittenSheet, limits: Limits) -> NewSheet:
    title = f"{sheet.title} {len(written.titles) + 1}" if written.titles else sheet.title
    written.titles.append(title)
    columns = [COLUMNS[column] for column in sheet.columns]
    return NewSheet(book, title, columns, heading=heading, links=_LINKS, limits=limits)


def _finish(page: NewSheet | None, sheet: Sheet, written: WrittenSheet) -> None:
    """Filter and list of marks, over the rows that are there."""
    if page is None:
        return
    last = max(page.rows, 1)
    page.sheet.autofilter(0, 0, last, len(sheet.columns) - 1)
    page.sheet.data_validation(1, 0, last, 0, _MARK_RULE)
    if page.first_text_link is not None:
        written.notes.append(
            f"{written.titles[-1]}: Excel allows no more links on a sheet; from row {page.first_text_link:,} on, "
            "addresses are plain texts. Copy them into a browser."
        )


def _add_up(written: WrittenSheet, cells: Mapping[str, Any]) -> None:
    written.rows += 1
    written.minutes += cells.get("minutes", 0)
    for name in ("open_deals", "open_value"):
        amount = cells.get(name)
        if isinstance(amount, _KNOWN_NUMBER):
            setattr(written, name, getattr(written, name) + amount)
        elif amount is not None:
            written.in_part.add(name)


def _write_first(first: Any, heading: Any, rows: Iterator[Sequence[object]]) -> None:
    for number, width in enumerate((34, 90, 12, 12, 12, 18)):
        first.set_column(number, number, width)
    for line, row in enumerate(rows):
        for number, value in enumerate(row):
            style = heading if number == 0 or row is _SHEETS_HEADING else None
            write = first.write_number if isinstance(value, _KNOWN_NUMBER) else first.write_string
            write(line, number, value, style)


def _first_rows(
    forecast: Forecast, maker: RowMaker, written: Sequence[WrittenSheet], fixes: str, not_checked: Sequence[str]
) -> Iterator[Sequence[object]]:
    """What the first sheet says; a row is a label and what belongs to it."""
    yield "Worklist", "What the initial sync will do that somebody should decide about, one row a thing to do."
    yield FORECAST_ID, forecast_id(forecast)
    yield DATA_OF, str(forecast.info.get("taken_at") or "a moment that nobody knows")
    yield "People", _people(maker)
    yield "Marks", f"Choose {', '.join(MARKS[:-1])} or {MARKS[-1]} in the first column of a row; add a note beside it."
    yield "", "accept: it may happen as the forecast says. fix: somebody will put it right. ignore: it does not matter."
    yield "", "Rows may be moved, sorted, filtered and deleted. Leave ids and row keys as they are."
    yield heading_of("fix_rank"), fixes
    yield "Back into the kit", "dynsync worklist import FILE.xlsx --forecast FOLDER"
    yield from _unknown(maker)
    for sentence in not_checked:
        label, _, what = sentence.partition(": ")
        yield label, what
    yield ()
    yield _SHEETS_HEADING
    for page in written:
        yield ", ".join(page.titles), page.sheet.asks, *_numbers(page)
    yield ()
    notes = [note for page in written for note in page.notes]
    for number, sentence in enumerate([*notes, *_not_listed(maker)]):
        yield "Note" if number == 0 else "", sentence


def _numbers(page: WrittenSheet) -> Sequence[object]:
    """Rows, minutes and the deals behind them, as far as they may be told and are known."""
    if not page.is_known:
        return (NOT_KNOWN,)
    if page.is_few:
        return (FEWER,)
    return (page.rows if page.is_whole else f"at least {page.rows:,}", page.minutes, *_amounts(page))


def _amounts(page: WrittenSheet) -> Iterator[object]:
    """The deals behind a sheet; where some rows do not know theirs, what there is at least."""
    for name in ("open_deals", "open_value") if "open_deals" in page.sheet.content else ():
        amount = getattr(page, name)
        if name == "open_value" and page.has_few_deals:
            yield f"of {FEWER} deals"
        elif name not in page.in_part:
            yield amount
        else:
            yield f"at least {amount:,}" if amount else NOT_KNOWN


def _people(maker: RowMaker) -> str:
    if maker.mask.level is Masking.NONE:
        return "Named. This workbook holds personal data: keep it as you keep the CRMs."
    if maker.mask.level is Masking.PARTIAL:
        return "Partly masked: the first character of names and values, and the domain of addresses."
    if maker.mask.level is Masking.COUNTS:
        return (
            "Numbers alone: no record is listed. Numbers of people are rounded to fives, and of fewer than five it is "
            "said that they are fewer."
        )
    return "Masked: a stand-in for each key, values as (filled). Write the workbook with --names to see them."


def _unknown(maker: RowMaker) -> Iterator[Sequence[object]]:
    if not maker.tables.has_records:
        yield (
            "Not known",
            ("Names, owners, deals, invoices, opt-outs and the records behind findings: the snapshot was not found."),
        )
    elif not maker.tables.has_finding_rows:
        yield "Not known", f"Opt-outs and the records behind findings: {NOT_FOUND_AGAIN}. {AGAIN}"
    for system, why in maker.urls.lacking.items():
        yield "Not known", f"Links into {system.label}: {why}."


def _not_listed(maker: RowMaker) -> Iterator[str]:
    is_counted = maker.mask.level is Masking.COUNTS
    for what, count in maker.tables.connection.cursor().execute(NOT_LISTED).fetchall():
        if count:
            number = f"{round_to_fives(int(count)) if is_counted else int(count):,}"
            yield f"Counted, not listed: {what}: {number}."
