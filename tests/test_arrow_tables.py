"""Rows in Arrow without pandas: the same tables that pyarrow makes of lists."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest

from dynsync_lib.arrow_tables import all_true, arrow_rows, arrow_schema, empty_table
from dynsync_lib.core.tables import Column

COLUMNS = [
    Column(name, name, "")  # each column is named after its type
    for name in ("text", "integer", "number", "flag", "texts")
]
ROWS: list[dict[str, Any]] = [
    {"text": "Ada\0 Müller", "integer": -(2**63), "number": 0.1, "flag": True, "texts": ["a", None, ""]},
    {},
    {"text": "", "integer": 2**63 - 1, "number": float("-inf"), "flag": False, "texts": []},
    {"text": None, "integer": 0, "number": 5e-324, "flag": None, "texts": ("b",)},
]


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], ROWS[1:2], []])
def test_arrow_rows__are_what_pyarrow_makes_of_lists(rows: list[dict[str, Any]]) -> None:
    lists = {column.name: [row.get(column.name) for row in rows] for column in COLUMNS}
    assert arrow_rows(rows, COLUMNS).equals(pa.table(lists, schema=arrow_schema(COLUMNS)))


@pytest.mark.parametrize(
    ("column", "value"), [("text", 5), ("integer", "x"), ("integer", 1.5), ("number", "x"), ("texts", [1])]
)
def test_arrow_rows__refuse_a_value_of_another_type(column: str, value: object) -> None:
    with pytest.raises((TypeError, pa.ArrowInvalid)):
        arrow_rows([{column: value}], COLUMNS)


def test_small_tables() -> None:
    assert all_true(2).to_pylist() == [True, True]
    assert empty_table(arrow_schema(COLUMNS)).equals(arrow_rows([], COLUMNS))


def test_arrow_rows__do_without_pandas() -> None:
    code = (
        "import sys; from tests.test_arrow_tables import ROWS, COLUMNS, all_true, arrow_rows;"
        "arrow_rows(ROWS, COLUMNS); all_true(1); assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
