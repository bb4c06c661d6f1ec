"""What a snapshot holds of each side, and what it lacks, guessed, or may not see.

Facts
    * A table that was not read is no empty table: it has no number.

Where it is used: `kit.snapshots`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import Row
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.ranked import Ranked, draw_ranked
from dynsync_lib.report.tables import Badge, Grid, Head, Lines, show_table
from dynsync_lib.report.words import SYSTEM_COLOURS, Word, system_word, table_word, tally

_TITLE: Final = "What each side holds"
GAP_WORDS: Final[Mapping[str, Word]] = {
    "fault": Word("Refused", "bad"),
    "missing": Word("Missing", "bad"),
    "warning": Word("To be looked at", "warn"),
    "guessed": Word("Guessed", "warn"),
    "not_checked": Word("Not checked", "grey"),
}
"""States of what is not as it should be, worst first."""


def show_holdings(rows: Sequence[Row], taken: str) -> Piece:
    """Records of each table of both sides, drawn and as a table; `taken` says of when they are and from where.

    `rows`: table, records (None where it was not read), server_records (None where nobody knows), columns.
    """
    known = [row for row in rows if row["records"] is not None]
    if not any(row["records"] for row in known):
        return Piece(render("empty", sentence=f"{_TITLE}: no record was read. {taken}"), _TITLE)
    bars = [
        Ranked(
            _name(row), row["records"] or 0, "", _colour(row), unknown="not delivered" if row["records"] is None else ""
        )
        for row in rows
    ]
    total = counted(sum(row["records"] for row in known), "record", "records")
    sentence = f"{total}, owners and users among them. {taken}{_say_missing(rows)}"
    wide, narrow = draw_ranked(_TITLE, bars, "")
    return Chart(_TITLE, sentence, wide, _table(rows), narrow=narrow).as_piece()


def _name(row: Row) -> str:
    system, _, _ = row["table"].partition("/")
    return f"{system_word(system)} {table_word(row['table'])}"


def _colour(row: Row) -> str:
    return SYSTEM_COLOURS[row["table"].partition("/")[0]]


def _say_missing(rows: Sequence[Row]) -> str:
    missing = sum(row["records"] is None for row in rows)
    return f" {counted(missing, 'table was', 'tables were')} not delivered." if missing else ""


def _table(rows: Sequence[Row]) -> Piece:
    heads = [
        Head("Table"),
        Head("Records", "number"),
        Head("The portal counts", "number"),
        Head("Fields", "number"),
    ]
    cells = [
        [
            _name(row),
            _count(row["records"], "Not delivered"),
            _count(row["server_records"], "Not known"),
            row["columns"],
        ]
        for row in rows
    ]
    note = "Fields are those whose column was read, which the settings ask for; a portal may have more."
    return show_table(Grid(_TITLE, heads, cells, unit="tables", note=note))


def _count(number: int | None, unknown: str) -> int | Badge:
    return Badge(unknown, "grey") if number is None else number


def show_gaps(rows: Sequence[Row], asked: str) -> Piece:
    """What is missing, guessed, not checked or refused, worst first; `asked` says who was asked what may be seen.

    `rows`: state (a key of `GAP_WORDS`), about, says, next_step.
    """
    ordered = sorted(rows, key=lambda row: list(GAP_WORDS).index(row["state"]))
    cells = [
        [
            Badge(GAP_WORDS[row["state"]].word, GAP_WORDS[row["state"]].tone, index),
            _about(row["about"]),
            Lines(row["says"], row["next_step"]),
        ]
        for index, row in enumerate(ordered)
    ]
    heads = [Head("State"), Head("What"), Head("What is known, and what to do")]
    caption = (
        f"{counted(len(rows), 'thing', 'things')} to know: {tally(Counter(row['state'] for row in rows), GAP_WORDS)}"
    )
    empty = f"Nothing is known to be missing. {asked}"
    title = caption if rows else "What is missing"
    return show_table(Grid(title, heads, cells, unit="things", note=asked, empty=empty, limit=max(len(cells), 1)))


def _about(about: str) -> str:
    return (
        _name({"table": about})
        if about.startswith(("hubspot/", "dynamics/")) and "." not in about
        else about or "The snapshot"
    )
