"""The go-live pack: a folder with one workbook for the day and the two days after it, and the rollback sheet as CSV.

Facts
    * The folder appears, or is replaced, when it is whole; only an earlier pack is replaced.
    * A sheet has at most MOST_ROWS rows of the rollback; a last line says how many are left out, which the CSV files
      have all.

Where it is used: `kit.go_live`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from dynsync_lib.core.masking import Mask, Masking
from dynsync_lib.folders.own_folder import Content, FolderKind, is_digest, listed_names
from dynsync_lib.folders.private_files import private_files
from dynsync_lib.folders.replaced_folder import replaced_folder
from dynsync_lib.forecasts.csv_files import write_rows
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.go_live.enrolments import Enrolment
from dynsync_lib.go_live.rollback import CREATED_COLUMNS, VALUE_COLUMNS, created_rows, value_rows
from dynsync_lib.go_live.sheets import CREATED, NOT_CHECKED, SHEETS, VALUES_BEFORE, Material, Row
from dynsync_lib.listing import counted
from dynsync_lib.record_urls import urls_of_portals
from dynsync_lib.report.words import system_word
from dynsync_lib.workbooks.new import NewSheet, new_workbook, tall_heading

PACK_FILE: Final = "go_live.json"
WORKBOOK: Final = "go_live.xlsx"
MOST_ROWS: Final = 200_000
_CSV: Final = {CREATED: "created.csv", VALUES_BEFORE: "values_before.csv"}
_COLUMNS: Final = {CREATED: CREATED_COLUMNS, VALUES_BEFORE: VALUE_COLUMNS}
_WIDTHS: Final = {
    **dict.fromkeys(("record_id", "made_of_id"), 38),
    **dict.fromkeys(("value_before", "value_after", "known_by"), 30),
    "url": 44,
    "how_to_undo": 70,
}
_INCOMPLETE: Final = "What was not delivered or compared is not in it, and cannot be put back from it."
_LOCKED: Final = "no value of a person can be put back from it. Write it with --masking none for that."
_PEOPLE: Final = {
    Masking.NONE: "Named. This folder holds personal data: keep it as you keep the CRMs.",
    Masking.PARTIAL: f"Partly masked: {_LOCKED}",
    Masking.PSEUDONYM: f"Masked: {_LOCKED}",
    Masking.COUNTS: "Counts alone: no record is in it, and nothing can be put back from it. Numbers of people are "
    "rounded to fives, and one to four are told as five.",
}


def _names_of_pack(content: Content) -> re.Pattern[str] | None:
    is_pack = is_digest(content.get("snapshot_sha256")) and isinstance(content.get("would_enter"), dict)
    return listed_names(content, []) if is_pack else None


GO_LIVE_FOLDER: Final = FolderKind("a go-live pack", PACK_FILE, _names_of_pack)


@dataclass(frozen=True, slots=True)
class GoLivePack:
    """A go-live pack that was written to `folder`.

    `would_enter` are the records that would enter automations, by system, rounded at the level `counts`; `rows` how
    many rows each sheet has by its title, of the rollback all that the forecast has, at `counts` one a kind of record;
    `not_checked` how many rows say so. `incomplete` names the systems and sheets of which there may be more, since
    records or columns were not delivered, and `unchecked` says which; None is a number of them that nobody knows.
    """

    folder: Path
    would_enter: Mapping[str, int | None]
    rows: Mapping[str, int | None]
    not_checked: int
    incomplete: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    def say_entering(self, system: str) -> str:
        """How many records would enter a system's automations: `at most` or `at least` so many, or `not known`."""
        return _say_entering(self.would_enter[system], is_whole=system not in self.incomplete)


def write_pack(material: Material, mask: Mask, out: Path) -> GoLivePack:
    """Writes the pack of a forecast to the folder `out`. Raises UsageError when that holds anything else."""
    with replaced_folder(out, GO_LIVE_FOLDER) as folder, private_files():
        pack = _write(material, mask, out, folder.new)
        info = _info(material.forecast, pack, material.masking)
        (folder.new / PACK_FILE).write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    return pack


def _info(forecast: Forecast, pack: GoLivePack, masking: Masking) -> dict[str, Any]:
    files = [PACK_FILE, WORKBOOK, *(() if masking is Masking.COUNTS else _CSV.values())]
    of_forecast = {name: forecast.info.get(name) for name in ("taken_at", "snapshot_sha256", "kit_version")}
    figures = {"would_enter": dict(pack.would_enter), "rows": dict(pack.rows), "not_checked": pack.not_checked}
    figures |= {"incomplete": list(pack.incomplete)}
    return {**of_forecast, "masking": masking.value, **figures, "files": sorted(files)}


def _write(material: Material, mask: Mask, out: Path, folder: Path) -> GoLivePack:
    short = {sheet.title: list(sheet.rows(material)) for sheet in SHEETS}
    not_checked = sum(NOT_CHECKED in map(str, row) for rows in short.values() for row in rows)
    entering = enter_by_system(material.enrolments)
    would_enter = {name: None if count is None else material.told(None, count) for name, count in entering.items()}
    more_enter = {entry.system.value: None for entry in material.enrolments if not (entry.is_known and entry.is_whole)}
    incomplete = (*more_enter, *material.incomplete)
    with new_workbook(folder / WORKBOOK, "Go-live pack of a forecast") as book:
        heading = tall_heading(book)
        first = NewSheet(book, "Read me", (("Go-live pack", 30), ("", 110)), heading=heading)
        for row in _first_rows(material, would_enter, not_checked, incomplete):
            first.add(row)
        for sheet in SHEETS:
            page = NewSheet(book, sheet.title, sheet.columns, heading=heading)
            for row in short[sheet.title]:
                page.add(row)
        counts = {title: _write_rollback(book, heading, title, material, mask, folder) for title in _COLUMNS}
    known = {title: None if title in incomplete and not count else count for title, count in counts.items()}
    rows = {**{title: len(lines) for title, lines in short.items()}, **known}
    return GoLivePack(out, would_enter, rows, not_checked, incomplete, tuple(material.not_checked))


def enter_by_system(enrolments: Iterable[Enrolment]) -> dict[str, int | None]:
    """The records that would enter automations, by system: those that are known; None where others may and none is."""
    known: Counter[str] = Counter()
    more: dict[str, bool] = {}
    for entry in enrolments:
        system = entry.system.value
        known[system] += entry.records if entry.is_known else 0
        more[system] = more.get(system, False) or not (entry.is_known and entry.is_whole)
    return {
        system: None if may_be_more and not known[system] else known[system] for system, may_be_more in more.items()
    }


def _say_entering(count: int | None, *, is_whole: bool) -> str:
    if count is None:
        return "not known"
    return f"{'at most' if is_whole else 'at least'} {count:,}"


def _first_rows(
    material: Material, would_enter: Mapping[str, int | None], not_checked: int, incomplete: Sequence[str]
) -> Iterator[Row]:
    into = " and ".join(
        f"{_say_entering(count, is_whole=system not in incomplete)} in {system_word(system)}"
        for system, count in would_enter.items()
    )
    yield "Automations", f"So many records would enter them on the first day: {into}. Pause what sends mail."
    yield "Data of", str(material.forecast.info.get("taken_at") or "a moment that nobody knows")
    yield "People", _PEOPLE[material.masking]
    yield (
        "Not checked",
        f"{counted(not_checked, 'row says', 'rows say')} `not checked`: nobody told the kit. None of them is a yes.",
    )
    yield "Rollback", f"{' and '.join(_COLUMNS)}; all rows in {' and '.join(_CSV.values())}."
    if material.incomplete:
        yield "", f"Incomplete: {' and '.join(material.incomplete)}. {_INCOMPLETE}"
    for sentence in material.not_checked:
        label, _, what = sentence.partition(": ")
        yield label, what
    yield ()
    for sheet in SHEETS:
        yield "Sheet", sheet.title


def _write_rollback(
    book: xlsxwriter.Workbook, heading: Any, title: str, material: Material, mask: Mask, folder: Path
) -> int:
    """Writes one part of the rollback, into the workbook and as CSV; how many rows it has comes out."""
    forecast, urls = material.forecast, urls_of_portals(material.forecast.info.get("portals") or {})
    rows = created_rows if title == "Created" else value_rows
    columns = _COLUMNS[title]
    page_columns = ("system", "object", "records") if material.masking is Masking.COUNTS else columns
    widths = [(name, _WIDTHS.get(name, 16)) for name in page_columns]
    page = NewSheet(book, title, widths, heading=heading, links=("url",))
    if material.masking is Masking.COUNTS:
        count = _write_counts(page, material, rows(forecast, mask, urls))
        _say_incomplete(page, title, material)
        return count
    seen = Counter[str]()
    with (folder / _CSV[title]).open("w", encoding="utf-8", newline="") as stream:
        write_rows(stream, columns, _on_page(page, rows(forecast, mask, urls), seen))
    if seen["rows"] > MOST_ROWS:
        page.add([f"{counted(seen['rows'] - MOST_ROWS, 'more is', 'more are')} left out; {_CSV[title]} has all."])
    _say_incomplete(page, title, material)
    return seen["rows"]


def _say_incomplete(page: NewSheet, title: str, material: Material) -> None:
    """A last row where rows may be missing."""
    if title in material.incomplete:
        page.add([f"{NOT_CHECKED}: {_INCOMPLETE}"])


def _on_page(page: NewSheet, rows: Iterable[Row], seen: Counter[str]) -> Iterator[Row]:
    """The rows, the first of which are added to the page on the way; `seen` counts them."""
    for row in rows:
        seen["rows"] += 1
        if seen["rows"] <= MOST_ROWS:
            page.add(row)
        yield row


def _write_counts(page: NewSheet, material: Material, rows: Iterable[Sequence[object]]) -> int:
    counts = Counter((str(row[0]), str(row[1])) for row in rows)
    for (system, object_), count in sorted(counts.items()):
        page.add([system, object_, material.told(object_, count)])
    return page.rows
