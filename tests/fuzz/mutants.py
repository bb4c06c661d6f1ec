"""Seeded mutants of files: cut, flipped, doubled, nested, retyped, with numbers and characters that nobody expects."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TOKEN = re.compile(rb'"[^"\n]*"|-?\d+(?:\.\d+)?|true|false|null')
_OTHERS = (
    b'""',
    b'"x"',
    b"0",
    b"-1",
    b"1.5",
    b"true",
    b"null",
    b"[]",
    b"{}",
    b"[[1]]",
    b'{"a": 1}',
    b"nan",
    b"1979-05-27",
)
_NUMBERS = (
    b"9" * 400,
    b"1e999",
    b"-" + b"9" * 30,
    b"9223372036854775808",
    b"0x7f",
    b"1_000",
    b"9" * 5_000,
    b"1" + b"0" * 18,
)
_CHARACTERS = (
    b"\x00", b"\x1b[2J", b"\x07", b"\r", b"\n", b"\x1a", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\x9b",
    "\u202e".encode(), "\ufeff".encode(), "\u2028".encode(), b'"', b"'", b"[red]", b"\\", b",", b";", b"\t", b"{", b"]",
    b"=", b"#", b"${HOME}",
)  # fmt: skip
_ENCODINGS = ("utf-16", "utf-16-le", "utf-8-sig", "cp1252", "utf-32", "cp500", "utf-7")
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, 1e300, "", "x", "\x1b[31m", "../..", "2026-13-45", [], {}, [None],
    {"": None}, [[[]]], "x" * 5_000, [1] * 50, "[bold]", "9" * 500,
)  # fmt: skip
_MOST_BYTES = 3_000_000
Mutator = Callable[[bytes, Random], bytes]


def mutate(content: bytes, dice: Random) -> bytes:
    """The content after one to three changes to its bytes, whatever they mean."""
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        content = dice.choice(_MUTATORS)(content, dice)[:_MOST_BYTES]
    return content


def mutate_json(content: bytes, dice: Random) -> bytes:
    """A JSON text with one to three of its values of another type, its entries left out or renamed; or `mutate`."""
    if dice.random() < 0.3:
        return mutate(content, dice)
    value = json.loads(content)
    for _ in range(dice.choice((1, 1, 2, 3))):
        value = _changed(value, dice, depth=dice.choice((1, 2, 3, 4, 5)))
    return json.dumps(value, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")


def mutate_workbook(content: bytes, dice: Random) -> bytes:
    """A workbook with one of its parts changed, left out or packed anew; or `mutate`."""
    if dice.random() < 0.3:
        return mutate(content, dice)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = dice.choice(sorted(parts))
    parts[name] = dice.choice((_change_cells, mutate))(parts[name], dice)
    if dice.random() < 0.1:
        del parts[name]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for part, text in parts.items():
            book.writestr(part, text)
    return packed.getvalue()


def mutate_parquet(content: bytes, dice: Random) -> bytes:
    """What becomes of a Parquet file by `edit_parquet`, or by `mutate`."""
    return (edit_parquet if dice.random() < 0.5 else mutate)(content, dice)


def edit_parquet(content: bytes, dice: Random) -> bytes:
    """A sound Parquet file with other columns, types or rows, as a tool writes one."""
    table = pq.ParquetFile(io.BytesIO(content)).read()
    table = dice.choice((_other_columns, _other_types, _other_rows))(table, dice)
    packed = io.BytesIO()
    pq.write_table(table, packed)
    return packed.getvalue()


# --- Bytes -----------------------------------------------------------------------------------------------------------


def _spot(content: bytes, dice: Random) -> int:
    return dice.randrange(len(content) + 1)


def _cut(content: bytes, dice: Random) -> bytes:
    return content[: _spot(content, dice)]


def _cut_out(content: bytes, dice: Random) -> bytes:
    start = _spot(content, dice)
    return content[:start] + content[start + dice.choice((1, 5, 50, 500)) :]


def _flip(content: bytes, dice: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.choice((1, 3, 20)) if changed else 0):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _double(content: bytes, dice: Random) -> bytes:
    start = _spot(content, dice)
    piece = content[start : start + dice.choice((1, 20, 200))]
    return content[:start] + piece * dice.choice((2, 2, 50, 3_000)) + content[start:]


def _double_line(content: bytes, dice: Random) -> bytes:
    lines = content.split(b"\n")
    place = dice.randrange(len(lines))
    return b"\n".join([*lines[:place], *[lines[place]] * dice.choice((0, 2, 100)), *lines[place + 1 :]])


def _nest(content: bytes, dice: Random) -> bytes:
    opens, closes = dice.choice(
        ((b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"), (b"not ", b""), (b"{a=", b"}"), (b"a.", b""))
    )
    deep = dice.choice((3, 200, 20_000))
    spots = [match.start() for match in _TOKEN.finditer(content)] or [0]
    start = dice.choice(spots)
    return content[:start] + opens * deep + b"1" + closes * deep + content[start:]


def _retype(content: bytes, dice: Random) -> bytes:
    return _replaced(content, dice.choice(_OTHERS), dice)


def _huge_number(content: bytes, dice: Random) -> bytes:
    return _replaced(content, dice.choice(_NUMBERS), dice)


def _replaced(content: bytes, piece: bytes, dice: Random) -> bytes:
    tokens = list(_TOKEN.finditer(content))
    if not tokens:
        return content + piece
    token = dice.choice(tokens)
    return content[: token.start()] + piece + content[token.end() :]


def _insert(content: bytes, dice: Random) -> bytes:
    start = _spot(content, dice)
    return content[:start] + dice.choice(_CHARACTERS) * dice.choice((1, 1, 2, 40)) + content[start:]


def _recode(content: bytes, dice: Random) -> bytes:
    return content.decode("utf-8", "replace").encode(dice.choice(_ENCODINGS), "replace")


def _many_cells(content: bytes, dice: Random) -> bytes:
    lines = content.split(b"\n")
    place = dice.randrange(len(lines))
    names = b"".join(b",c%d" % number for number in range(dice.choice((20, 3_000, 60_000))))
    return b"\n".join([*lines[:place], lines[place] + names, *lines[place + 1 :]])


def _long_cell(content: bytes, dice: Random) -> bytes:
    return _replaced(content, b'"' + b"x" * dice.choice((300, 40_000, 400_000)) + b'"', dice)


def _emptied(content: bytes, dice: Random) -> bytes:
    return dice.choice((b"", b"\n", b"\x00", b"[]", b"{}", b"null", b"0", b" " * 5_000, content[:1]))


_MUTATORS: tuple[Mutator, ...] = (
    _cut, _cut_out, _flip, _double, _double_line, _nest, _retype, _retype, _huge_number, _insert, _insert, _recode,
    _many_cells, _long_cell, _emptied,
)  # fmt: skip


# --- JSON, workbooks, Parquet ----------------------------------------------------------------------------------------


def _changed(value: Any, dice: Random, *, depth: int) -> Any:
    """The value with one of its parts, at most so deep, changed."""
    if depth == 0 or not isinstance(value, dict | list) or not value:
        return dice.choice(_VALUES)
    key: Any = dice.choice(sorted(value)) if isinstance(value, dict) else dice.randrange(len(value))
    changed: Any = dict(value) if isinstance(value, dict) else list(value)
    chance = dice.random()
    if chance < 0.2:
        del changed[key]
    elif chance < 0.3 and isinstance(changed, dict):
        changed[f"{key} "] = changed.pop(key)
    else:
        changed[key] = _changed(changed[key], dice, depth=depth - 1)
    return changed


_CELLS = (b"1048576", b"XFD1", b"XFD1048576", b"A0", b"ZZZZ1", b"A99999999999", b"-1", b"")


def _change_cells(part: bytes, dice: Random) -> bytes:
    """Names and numbers of cells and rows, types and values, as a workbook that means harm has them."""
    spots = list(re.finditer(rb' (?:r|t|s|count|uniqueCount|ref|spans|sheetId)="([^"]*)"', part))
    if not spots:
        return mutate(part, dice)
    for match in dice.sample(spots, min(len(spots), dice.choice((1, 3)))):
        piece = dice.choice((*_CELLS, *_NUMBERS[:4], b"s", b"inlineStr", b"d", b"e", b"n"))
        part = part.replace(match[0], match[0].replace(b'"' + match[1] + b'"', b'"' + piece + b'"'), 1)
    return part


def _other_columns(table: pa.Table, dice: Random) -> pa.Table:
    names = list(table.column_names)
    name = dice.choice(names)
    if dice.random() < 0.5 and len(names) > 1:
        return table.drop_columns([name])
    return table.rename_columns([f"{column} x" if column == name else column for column in names])


def _other_types(table: pa.Table, dice: Random) -> pa.Table:
    place = dice.randrange(table.num_columns)
    others = (pa.nulls(table.num_rows), pa.array([1.5] * table.num_rows), pa.array([[1]] * table.num_rows))
    texts = pa.array(["\x1b[31m[bold]" + "x" * 400] * table.num_rows)
    return table.set_column(
        place, table.column_names[place], dice.choice((*others, texts, pa.array([True] * table.num_rows)))
    )


def _other_rows(table: pa.Table, dice: Random) -> pa.Table:
    return dice.choice((table.slice(0, 0), pa.concat_tables([table] * 3), table.slice(0, 1), pa.table({"x": [1]})))
