"""The marks of several people, each in a copy of one workbook, as those of one.

Facts
    * A row that one of them marked is marked so. Of a row with one mark and several notes all notes are kept.
    * A row with two marks is a fault, named in both workbooks: which of them holds, people decide.

Where it is used: `worklist.decisions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dynsync_lib.errors import WorklistFault
from dynsync_lib.worklist.read_workbook import FilledWorkbook, MarkedRow
from dynsync_lib.worklist.sheets import SHEETS


def merge_workbooks(filled: Mapping[str, FilledWorkbook]) -> FilledWorkbook:
    """One workbook with the marks, faults and other sheets of all, which are given by their names.

    A sheet has as many rows as in the copy that has most of them. A fault names its workbook.
    """
    merged = FilledWorkbook()
    where: dict[str, str] = {}
    for name, book in filled.items():
        merged.faults += [replace(fault, workbook=name) for fault in book.faults]
        merged.other_sheets += [title for title in book.other_sheets if title not in merged.other_sheets]
        for row in book.marked.values():
            earlier = merged.marked.get(row.key)
            merged.faults += _contradiction(earlier, where.get(row.key, ""), row, name)
            merged.marked[row.key] = row if earlier is None else _both(earlier, row)
            where.setdefault(row.key, name)
    merged.unmarked = _unmarked(list(filled.values()), merged)
    return merged


def _contradiction(earlier: MarkedRow | None, earlier_name: str, row: MarkedRow, name: str) -> Iterator[WorklistFault]:
    if earlier is None or None in (earlier.mark, row.mark) or earlier.mark == row.mark:
        return
    there = f"{earlier_name}, {earlier.title}, {earlier.cell}"
    sentence = f"This row is marked {row.mark} here, and {earlier.mark} in {there}. Settle which of the two holds."
    yield WorklistFault(row.title, row.cell, sentence, name)


def _both(earlier: MarkedRow, row: MarkedRow) -> MarkedRow:
    """What two people wrote into one row."""
    notes = dict.fromkeys(note for note in (earlier.note, row.note) if note)
    return replace(earlier, mark=earlier.mark or row.mark, note="; ".join(notes) or None)


def _unmarked(books: Sequence[FilledWorkbook], merged: FilledWorkbook) -> dict[str, int]:
    """By sheet how many rows nobody marked; none of those that are marked in any copy."""
    marked = _marked_rows(merged)
    counts = [(_marked_rows(book), book.unmarked) for book in books]
    most = {sheet.name: max(own[sheet.name] + bare.get(sheet.name, 0) for own, bare in counts) for sheet in SHEETS}
    return {name: rows - marked[name] for name, rows in most.items() if rows > marked[name]}


def _marked_rows(book: FilledWorkbook) -> Mapping[str, int]:
    counts = {sheet.name: 0 for sheet in SHEETS}
    for row in book.marked.values():
        counts[row.sheet] += 1
    return counts
