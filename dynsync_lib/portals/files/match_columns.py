"""The column by which records of a table are matched: without it every record would look as if it had no key.

Facts
    * Labels can be changed in both CRMs, so that an e-mail address may stand under `Email 1` and a name under `Firm`.
      Where the match column is not found and a heading is not known, the load stops and asks.
    * The user names the heading (`--column emailaddress1="Email 1"`, kept under `[files.columns]` of the settings), or
      says that the files do not hold the column (`--column emailaddress1=`).
    * Where nothing could be it, the load goes on and says so; a forecast then names it as not checked.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dynsync_lib.core.tables import KEY_SOURCE, RecordTable
from dynsync_lib.errors import InputFileError
from dynsync_lib.listing import some_of
from dynsync_lib.portals.files.export_words import ExportWords, plain_word
from dynsync_lib.portals.files.headings import Heading, Headings, OwnHeadings

_LIKE: Final = {"email": ("mail",), "name": ("name", "firma", "unternehmen", "company", "account", "konto")}
"""Parts of words that headings of such a column often have, by the kind of key."""
_MOST_NAMED: Final = 8


def match_column(table: RecordTable) -> str | None:
    """The column by which records of a table are matched unless the settings say otherwise; None when by none."""
    source = KEY_SOURCE.get(table.name, {})
    return source.get("email") or source.get("name")


def missing_match_column(headings: Headings, name: str, words: ExportWords, own: OwnHeadings) -> str | None:
    """The match column where a file, named `name`, does not hold it; None when it does.

    Raises InputFileError when a heading that nobody knows may be it.
    """
    column = match_column(headings.table)
    if column is None or column in headings.names:
        return None
    if not own.is_left_out(headings.table, column):
        _refuse(headings, name, column, [heading for heading in headings.columns if _is_unknown(heading, words)])
    return column


def refuse_unused(own: OwnHeadings, loaded: Sequence[Headings]) -> None:
    """Raises InputFileError when a heading that the user named was taken from no file."""
    taken = {(column.base_name, plain_word(column.text)) for headings in loaded for column in headings.columns}
    for name, heading in own.by_column.items():
        bare = name.rpartition(".")[2]
        if heading and not any((known, plain_word(heading)) in taken for known in (bare, f"{bare}name")):
            for headings in loaded:
                if any(plain_word(heading) == plain_word(column.text) for column in headings.columns):
                    raise _no_such_column(headings.table, heading, name)
            raise InputFileError(
                f"No file has a column {heading!r} that could be {name}.",
                next_step="Write the heading as it stands in the file; before the name of a column that only you have "
                "stands its table: dynamics/contacts.new_segment.",
            )


def _no_such_column(table: RecordTable, heading: str, name: str) -> InputFileError:
    """What is said of a heading that a file has, and that was named as a column which its table does not have."""
    return InputFileError(
        f"{table.name} has the heading {heading!r}, and knows no column {name} that it could be.",
        next_step=f"Write the internal name of the column, such as {match_column(table) or table.id_field}; before the "
        f"name of a column that only you have stands its table: {table.name}.new_segment.",
    )


def _refuse(headings: Headings, name: str, column: str, unknown: Sequence[Heading]) -> None:
    likely = [heading.text for heading in unknown if _looks_like(heading.text, headings.table)]
    is_labelled = headings.columns[headings.id_position].how != "internal"
    if not likely and not (is_labelled and unknown and headings.table.object is not None):
        return
    what = headings.table.name.partition("/")[2]
    first = (likely or [heading.text for heading in unknown])[0].strip()
    raise InputFileError(
        f"{name}: no column is known as {column}, by which {what} are matched. "
        f"Not known: {some_of([heading.text.strip() for heading in unknown], _MOST_NAMED)}.",
        next_step=f'Name its heading: --column {column}="{first}" (kept under [files.columns] of the settings), '
        f"or --column {column}= if the file does not hold it.",
    )


def _is_unknown(heading: Heading, words: ExportWords) -> bool:
    """Whether nobody knows what a column is."""
    return heading.how == "unknown" and not plain_word(heading.text).startswith(words.do_not_modify)


def _looks_like(text: str, table: RecordTable) -> bool:
    kind = "email" if "email" in KEY_SOURCE[table.name] else "name"
    return any(part in plain_word(text) for part in _LIKE[kind])
