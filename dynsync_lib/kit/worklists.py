"""A forecast as a worklist for people, and what they decided, read back.

Where it is used: `kit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.core.masking import Masking
from dynsync_lib.errors import UsageError
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts.forecast_folder import mask_of, read_masking
from dynsync_lib.forecasts.forecast_snapshot import needed_snapshot, snapshot_of_forecast
from dynsync_lib.kit.opened import AnyForecast, opened_forecast
from dynsync_lib.record_urls import urls_of_portals

if TYPE_CHECKING:
    from dynsync_lib.forecasts.fix_sets import Fixes
    from dynsync_lib.forecasts.forecast_folder import Forecast
    from dynsync_lib.snapshot.snapshot import Snapshot
    from dynsync_lib.worklist.decisions import ImportedWorklist
    from dynsync_lib.worklist.rows import RowMaker


@dataclass(frozen=True, slots=True)
class WrittenWorklist:
    """A worklist that was written. `path` is the workbook; `rows` are how many each sheet has, by its name, None where
    nobody can know, and at the level `counts` "fewer than 5" of so few people; `incomplete` names the sheets that may
    lack rows, `not_checked` says in sentences what was not delivered or compared; `hours` is our estimate of all of it;
    `is_named` says whether people's names are in it, `has_records` whether the snapshot was found, without which names,
    owners, deals and invoices are not known. `fixes` is what the best fixes clear, in a sentence; None where nobody
    asked.
    """

    path: Path
    rows: Mapping[str, int | str | None]
    hours: float
    is_named: bool
    has_records: bool
    incomplete: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    fixes: str | None = None


def worklist(
    forecast: AnyForecast,
    out: str | Path,
    *,
    names: bool = False,
    masking: str = Masking.PSEUDONYM,
    snapshot: str | Path | None = None,
    ranked: bool = False,
) -> WrittenWorklist:
    """The forecast as the Excel workbook `out`: one sheet a decision, one row a thing to do, with cells to mark.

    People are masked at the level `masking` (none, partial, pseudonym, counts), which `names` makes none; at `counts`
    mappings, options and findings can be marked, and of all other sheets there are numbers alone. The snapshot is
    looked for where the forecast found it; `snapshot` is another place. An earlier worklist is replaced unless
    somebody marked it. It reads what it lists, a second for a small portal; some 8,000 rows a second are
    written. With `ranked` rows say their place in the fix set and which share of the collision risk is gone up to
    there, which computes `fix_set`.

    Raises UsageError when `out` does not end in .xlsx, holds something else or is marked, when names of a masked
    forecast are asked for, or, with `ranked`, when the snapshot is not there.

    >>> written = kit.worklist("out/demo/forecast", "out/worklist.xlsx")
    >>> written.rows["ghosts"], written.rows["near_names"]
    (72, 26)
    """
    from dynsync_lib.kit.small_counts import say_unchecked_at
    from dynsync_lib.worklist.sheets import CHECKS_OF_SHEETS
    from dynsync_lib.worklist.write_workbook import refuse_marked, write_workbook

    opened, out = opened_forecast(forecast), Path(out)
    level = Masking.NONE if names else read_masking(masking)
    if level is Masking.NONE and opened.is_masked:
        raise UsageError("A masked forecast shows no names.", next_step="Open it without masking it.")
    refuse_marked(out)
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"{out} does not end in .xlsx.", next_step="Name an Excel file, such as worklist.xlsx.")
    fixes = fix_set(opened, snapshot=snapshot) if ranked else None
    not_checked = say_unchecked_at(level, opened, CHECKS_OF_SHEETS)
    with _row_maker(opened, snapshot_of_forecast(opened, snapshot), level, fixes=fixes) as maker:
        says = None if fixes is None else fixes.sentence
        written = write_workbook(out, opened, maker, fixes=says, not_checked=not_checked)
        rows = {page.sheet.name: page.told_rows for page in written}
        hours = round(sum(page.minutes for page in written) / 60, 1)
        incomplete = tuple(page.sheet.name for page in written if not page.is_whole)
        return WrittenWorklist(
            out,
            rows,
            hours,
            level is Masking.NONE,
            maker.tables.has_records,
            incomplete,
            not_checked,
            says,
        )


def import_worklist(
    workbook: str | Path | Sequence[str | Path],
    forecast: AnyForecast,
    *,
    fixes: str | Path | None = None,
    snapshot: str | Path | None = None,
    replace: bool = False,
) -> ImportedWorklist:
    """Keeps what people marked in a worklist as the decisions of its forecast, in a file beside the forecast's folder.

    `workbook` may be several copies, each marked by somebody else: rows that one of them marked are taken, rows that
    two marked otherwise are faults. The file replaces that of an earlier import, and what comes out says how much it
    held; a workbook without marks replaces one with marks only with `replace`. `fixes` is a folder for files that both
    CRMs import, of rows marked to be fixed whose fix is a value that is known (`worklist.fix_files`). Where opt-outs or
    records behind findings are marked, the snapshot is looked for where the forecast found it; `snapshot` is another
    place. It reads the workbook row by row, some 10,000 a second.

    Raises WorklistError with every fault by sheet and cell, InputFileError for what is no workbook, and UsageError when
    the snapshot is needed and not there, records behind findings cannot be found again, or marks would be lost; then
    nothing is kept.

    >>> _ = kit.worklist("out/demo/forecast", "out/worklist.xlsx")
    >>> kit.import_worklist("out/worklist.xlsx", "out/demo/forecast").by_mark
    {'accept': 0, 'fix': 0, 'ignore': 0}
    """
    from dynsync_lib.forecasts.finding_rows_file import AGAIN, NOT_FOUND_AGAIN
    from dynsync_lib.worklist.decisions import keep_marks, read_marks
    from dynsync_lib.worklist.sheets import NEEDING_SNAPSHOT

    opened = opened_forecast(forecast)
    copies = [workbook] if isinstance(workbook, (str, Path)) else workbook
    if not copies:
        raise UsageError("No workbook is named.", next_step="Name the worklist that was filled in.")
    filled = read_marks([Path(copy) for copy in copies], opened)
    lists_findings = any(row.sheet in NEEDING_SNAPSHOT for row in filled.marked.values())
    looked_up = needed_snapshot(opened, snapshot) if lists_findings else None
    with _row_maker(opened, looked_up, Masking.PSEUDONYM, lists_findings=lists_findings) as maker:
        if lists_findings and not maker.tables.has_finding_rows:
            raise UsageError(f"Records behind findings of {opened.folder}: {NOT_FOUND_AGAIN}.", next_step=AGAIN)
        return keep_marks(filled, opened, maker, None if fixes is None else Path(fixes), replaces_marks=replace)


def fix_set(forecast: AnyForecast, *, share: float = 0.9, snapshot: str | Path | None = None) -> Fixes:
    """The fewest changes of records that take `share` of the collision risk away, the best first.

    At risk are records that lose their key or fail, companies and accounts with names that are alike, and associations
    that are lost with such records. The sync is decided again after the changes, so what it says is no guess. The
    snapshot is looked for where the forecast found it; `snapshot` is another place. This computes: less than a forecast
    of the same snapshot does.

    Raises UsageError for a share that cannot be, and when the snapshot, or pairs of an earlier run or a further
    snapshot that the forecast was made with, is not there.

    >>> fixes = kit.fix_set("out/demo/forecast", share=0.5)
    >>> fixes.sentence
    'Fix 49 rows: 50 % of the collision risk is gone (134 of 268).'
    """
    from dynsync_lib.forecasts.fix_sets import find_fixes
    from dynsync_lib.kit.rulebooks import key_maker, rulebook
    from dynsync_lib.report.figures import say_unchecked

    opened = opened_forecast(forecast)
    return find_fixes(
        opened,
        rulebook=rulebook(),
        keys=key_maker(),
        share=share,
        snapshot=snapshot,
        not_checked=say_unchecked(opened),
    )


@contextmanager
def _row_maker(
    forecast: Forecast,
    snapshot: Snapshot | None,
    masking: Masking,
    *,
    lists_findings: bool = True,
    fixes: Fixes | None = None,
) -> Iterator[RowMaker]:
    """What makes the rows. Without `lists_findings` those behind findings are left out, which would be computed now."""
    from dynsync_lib.forecasts.finding_rows_file import write_finding_rows
    from dynsync_lib.kit.rulebooks import rulebook
    from dynsync_lib.kit.small_counts import suppress_small
    from dynsync_lib.worklist.rows import RowMaker
    from dynsync_lib.worklist.sheets import LISTED_ELSEWHERE
    from dynsync_lib.worklist.tables import open_worklist_tables

    with temporary_folder() as work:
        files = (work / "finding_rows.parquet", work / "missing_options.parquet")
        is_written = (
            lists_findings
            and snapshot is not None
            and write_finding_rows(forecast, snapshot, *files, rulebook=rulebook(), without=LISTED_ELSEWHERE)
        )
        ranks = None if fixes is None else work / "fix_ranks.parquet"
        if fixes is not None and ranks is not None:
            fixes.write_ranks(ranks)
        with open_worklist_tables(forecast, snapshot, *(files if is_written else ()), fix_ranks=ranks) as tables:
            urls, mask = urls_of_portals(forecast.info.get("portals") or {}), mask_of(forecast.folder, masking)
            tell = suppress_small if masking is Masking.COUNTS else dict
            yield RowMaker(tables, urls, mask, tell)
