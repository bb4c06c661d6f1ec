"""Numbers that many audit rules want of the same tables, asked together: each table is read once, whoever asks.

Facts
    * How many rows of a forecast table have certain values (`Rows`) is read off a tally of that table: it is grouped
      once by all the columns that are named. On DuckDB a tally of a million outcomes takes half the time of one
      filtered count per rule, and a seventh of one select with a column per rule.
    * Aggregates (`Number`) of one frame are the columns of one select, which reads it once. Frames are asked for
      different numbers of them, so each select is written into one text; the texts of all frames are stacked and
      computed at once. Made equally wide with zeros instead, a few wide frames would widen all others.
    * Who counts records also says which they are, out of the same frames and conditions: `rows_behind` lists what
      `answers` counts. Nothing of the lists is described before somebody asks for them.

Where it is used: `core.audit.findings`, `core.audit.marketing`, `core.advice.mapping_table`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, Unpack

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.record_rows import ROW_COLUMNS, Cells, record_rows, rows_of_table
from dynsync_lib.core.situation import Situation, stack

Tables = Mapping[str, Frame]
"""The forecast's tables by name."""
_Answer = TypeVar("_Answer")
_Answer_co = TypeVar("_Answer_co", covariant=True)
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows of the forecast table `table` have the values of `where` and none of those of `without`.

    Per column a value, or several of which any will do; null equals nothing. `filled` are columns that are not null.
    """

    table: str
    where: Mapping[str, str | Collection[str]]
    without: Mapping[str, str | Collection[str]] = field(default_factory=dict)
    filled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """An aggregate over all rows of a frame: a whole number, null counts as 0.

    Numbers of the same frame object are read in one pass.
    """

    frame: Frame
    value: nw.Expr


Listing = Callable[[Tables], Frame]
"""Describes rows of `core.record_rows.COLUMNS`, out of the forecast's tables."""


def _list_nothing(numbers: Sequence[int]) -> list[Listing]:
    del numbers
    return []


@dataclass(frozen=True, slots=True)
class Question(Generic[_Answer_co]):
    """What somebody wants to know: the numbers it takes, and the answer that they give, in the order of `asked`.

    Describes only; `answers` computes. `says` gets one whole number for each of `asked` and makes the answer of them: a
    sum, a text, or None where one of them shows that the question cannot be answered. `lists` gets the same numbers and
    says what the rows are that were counted: as many as the answer, where that is a number, and none where it is None.
    """

    asked: tuple[Rows | Number, ...]
    says: Callable[[Sequence[int]], _Answer_co]
    lists: Callable[[Sequence[int]], list[Listing]] = _list_nothing


Count = Question[int | None]
"""A question for a number of records, mappings or values. The answer None means that the snapshot lacks what it needs:
it is not 0, and is shown as not checked."""


def known(count: _Answer) -> Question[_Answer]:
    """An answer for which no table is asked, and behind which there is no row."""
    return Question((), lambda _: count)


def known_rows(situation: Situation, rows: Sequence[Mapping[str, str | None]]) -> Question[int]:
    """As many as these rows, which have some of `core.record_rows.COLUMNS`; the others are null."""
    return Question((), lambda _: len(rows), lambda _: [lambda _: situation.from_rows(rows, ROW_COLUMNS)])


def rows_with(table: str, **where: str | Collection[str]) -> Question[int]:
    """How many rows of a forecast table have these values: per column one, or several of which any will do."""
    return rows_that(Rows(table, where))


def rows_that(rows: Rows) -> Question[int]:
    """How many rows of a forecast table are so; they are listed as `core.record_rows.rows_of_table` shows them."""
    return Question((rows,), sum, lambda _: [lambda tables: rows_of_table(rows.table, _chosen(tables, rows))])


def rows_of(*frames: Frame) -> Question[int]:
    """How many rows these frames have together; they are not listed."""
    return Question(tuple(Number(frame, nw.len()) for frame in frames), sum)


def rows_where(frame: Frame, test: nw.Expr) -> Question[int]:
    """For how many rows of a frame a test of its columns is true; they are not listed.

    Several tests of one frame take one pass.
    """
    return Question((Number(frame, test.cast(nw.Int64).sum()),), sum)


def table_rows(table: str, frame: Frame) -> Question[int]:
    """How many rows a frame has that was made of a forecast table by leaving rows out; listed as that table's."""
    return Question((Number(frame, nw.len()),), sum, lambda _: [lambda _: rows_of_table(table, frame)])


def records_in(frame: Frame, **cells: Unpack[Cells]) -> Question[int]:
    """How many rows a frame has, listed with these cells (see `core.record_rows.record_rows`)."""
    return Question((Number(frame, nw.len()),), sum, lambda _: [lambda _: record_rows(frame, **cells)])


def records_where(frame: Frame, test: nw.Expr, **cells: Unpack[Cells]) -> Question[int]:
    """As `rows_where`, listed with these cells (see `core.record_rows.record_rows`)."""
    asked = rows_where(frame, test).asked
    return Question(asked, sum, lambda _: [lambda _: record_rows(frame.filter(test), **cells)])


def combined(
    counts: Iterable[Question[Any]],
    says: Callable[[list[Any]], _Answer],
    lists: Callable[[list[Any]], Collection[int]] | None = None,
) -> Question[_Answer]:
    """A question whose answer is made of the answers to others, in their order.

    `lists` says of which of them the rows are listed, by their places, given the answers; of none without it.
    """
    parts = tuple(counts)

    def listings(numbers: Sequence[int]) -> list[Listing]:
        chosen = lists(list(_split(parts, numbers))) if lists is not None else ()
        rows = list(_listings(parts, numbers))
        return [listing for number in chosen for listing in rows[number]]

    return Question(
        tuple(number for part in parts for number in part.asked),
        lambda numbers: says(list(_split(parts, numbers))),
        listings,
    )


def total(counts: Iterable[Question[int]]) -> Question[int]:
    """The sum of several counts, and the rows of all of them."""
    return combined(counts, sum, lambda numbers: range(len(numbers)))


def _split(parts: Iterable[Question[Any]], numbers: Sequence[int]) -> Iterator[Any]:
    """The answer of each part to its own share of the numbers."""
    return (part.says(share) for part, share in _shares(parts, numbers))


def _listings(parts: Iterable[Question[Any]], numbers: Sequence[int]) -> Iterator[list[Listing]]:
    """What each part lists, given its own share of the numbers."""
    return (part.lists(share) for part, share in _shares(parts, numbers))


def _shares(parts: Iterable[Question[Any]], numbers: Sequence[int]) -> Iterator[tuple[Question[Any], list[int]]]:
    """Each part with its own share of the numbers."""
    remaining = iter(numbers)
    return ((part, [next(remaining) for _ in part.asked]) for part in parts)


def answers(tables: Tables, questions: Mapping[_Key, Question[_Answer]]) -> dict[_Key, _Answer]:
    """The answer to every question, by its key.

    Computes: once per forecast table that `Rows` name, and once for all frames of which `Number`s are asked.
    """
    numbers = _numbers(tables, questions.values())
    return dict(zip(questions, _split(questions.values(), numbers), strict=True))


def rows_behind(tables: Tables, questions: Sequence[Question[Any]]) -> list[list[Frame]]:
    """For every question the frames of the rows that it counts: `core.record_rows.COLUMNS`.

    Computes the numbers as `answers` does; the frames are described only.
    """
    numbers = _numbers(tables, questions)
    return [[listing(tables) for listing in listings] for listings in _listings(questions, numbers)]


def _numbers(tables: Tables, questions: Iterable[Question[Any]]) -> list[int]:
    asked = [number for question in questions for number in question.asked]
    rows = iter(_row_counts(tables, [number for number in asked if isinstance(number, Rows)]))
    aggregates = iter(_aggregates([number for number in asked if isinstance(number, Number)]))
    return [next(rows if isinstance(number, Rows) else aggregates) for number in asked]


# --- Rows of the forecast's tables, by their values ---------------------------------------------------------------


def _row_counts(tables: Tables, asked: Sequence[Rows]) -> list[int]:
    names = dict.fromkeys(rows.table for rows in asked)
    tallies = {name: _tally(tables[name], _columns(asked, name)) for name in names}
    return [sum(group["count"] for group in tallies[rows.table] if _is_counted(rows, group)) for rows in asked]


def _columns(asked: Iterable[Rows], table: str) -> dict[str, nw.Expr]:
    """What the tally of a table groups by: every column that is asked for."""
    columns: dict[str, nw.Expr] = {}
    for rows in asked:
        if rows.table == table:
            columns |= {name: nw.col(name) for name in (*rows.where, *rows.without)}
            columns |= {_is_filled(name): ~nw.col(name).is_null() for name in rows.filled}
    return columns


def _is_filled(column: str) -> str:
    return f"{column} is filled"


def _tally(frame: Frame, columns: Mapping[str, nw.Expr]) -> list[dict[str, Any]]:
    """`count` of rows for every combination of values of the columns; one row of everything where none is named."""
    if not columns:
        return list(frame.select(count=nw.len()).collect().rows(named=True))
    return list(frame.select(**columns).group_by(*columns).agg(count=nw.len()).collect().rows(named=True))


def _is_counted(rows: Rows, group: Mapping[str, Any]) -> bool:
    return (
        all(_has(group[name], wanted) for name, wanted in rows.where.items())
        and not any(_has(group[name], unwanted) for name, unwanted in rows.without.items())
        and all(group[_is_filled(name)] for name in rows.filled)
    )


def _has(value: object, wanted: str | Collection[str]) -> bool:
    if value is None:
        return False
    return value == wanted if isinstance(wanted, str) else value in wanted


def _chosen(tables: Tables, rows: Rows) -> Frame:
    """The rows of a forecast table that `_is_counted` counts."""
    frame = tables[rows.table]
    for name, wanted in rows.where.items():
        frame = frame.filter(_is_one_of(name, wanted))
    for name, unwanted in rows.without.items():
        frame = frame.filter(~_is_one_of(name, unwanted))
    for name in rows.filled:
        frame = frame.filter(~nw.col(name).is_null())
    return frame


def _is_one_of(column: str, wanted: str | Collection[str]) -> nw.Expr:
    values = [wanted] if isinstance(wanted, str) else list(wanted)
    return nw.col(column).is_in(values).fill_null(value=False)


# --- Aggregates of frames ----------------------------------------------------------------------------------------


def _aggregates(asked: Sequence[Number]) -> list[int]:
    by_frame: dict[int, list[Number]] = {}
    for number in asked:
        by_frame.setdefault(id(number.frame), []).append(number)
    if not by_frame:
        return []
    rows = stack([_one_row(key, numbers) for key, numbers in by_frame.items()]).collect().rows(named=True)
    values = {row["frame"]: iter(row["numbers"].split()) for row in rows}
    return [int(next(values[id(number.frame)])) for number in asked]


def _one_row(key: int, numbers: Sequence[Number]) -> Frame:
    """frame and numbers: the key of one frame, and its numbers in one text, with blanks between them."""
    columns = {f"n{position}": number.value.cast(nw.Int64).fill_null(0) for position, number in enumerate(numbers)}
    texts = [nw.col(name).cast(nw.String) for name in columns]
    return numbers[0].frame.select(**columns).select(frame=nw.lit(key), numbers=nw.concat_str(*texts, separator=" "))
