"""Tables of `core.tables` in Arrow: their schemas, and a few rows of Python values as an Arrow table.

Facts
    * pyarrow imports pandas whenever it turns a Python value into Arrow (`pa.table` of lists, `pa.array`, `pa.scalar`,
      `pyarrow.Schema.empty_table`, a plain number beside a column in `pyarrow.compute`): a third of a second of every
      command. What stands here does without: texts go through a builder, everything else is cast from texts.

Where it is used: `engine`, `snapshot.writer`.

Source: pyarrow 26, tried call by call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, Final

import pyarrow as pa

from dynsync_lib.core.tables import Column

_TYPES: Final[Mapping[str, pa.DataType]] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "texts": pa.list_(pa.string()),
}


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The names of the columns with their Arrow types."""
    return pa.schema([(column.name, _TYPES[column.type]) for column in columns])


def arrow_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> pa.Table:
    """The rows as an Arrow table with these columns; a value that is missing or None is null.

    Raises TypeError for a text column that holds something else than texts, and pyarrow's ArrowInvalid for a value
    that is none of its column's type. Costs about twice what pyarrow takes for lists: 70 ns a text.
    """
    arrays = [_array(column.type, [row.get(column.name) for row in rows]) for column in columns]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(columns))


def empty_table(schema: pa.Schema) -> pa.Table:
    """A table of the schema without rows."""
    return pa.Table.from_batches([], schema=schema)


def all_true(rows: int) -> pa.Array:
    """A column of flags that are all true."""
    return pa.nulls(rows, pa.bool_()).is_null()


def _array(type_: str, values: Sequence[Any]) -> pa.Array:
    if type_ == "text":
        return _texts(values)
    if type_ == "texts":
        return _lists_of_texts(values)
    return _texts(_each(_AS_TEXT[type_], values)).cast(_TYPES[type_])


def _texts(values: Iterable[str | None]) -> pa.Array:
    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()


def _lists_of_texts(values: Sequence[Sequence[str] | None]) -> pa.Array:
    """Lists one after the other, and where each begins; a null beginning is a null list."""
    begins = accumulate((len(value or ()) for value in values), initial=0)
    offsets = [str(begin) if value is not None else None for begin, value in zip(begins, values, strict=False)]
    total = sum(len(value or ()) for value in values)
    return pa.ListArray.from_arrays(
        _texts([*offsets, str(total)]).cast(pa.int32()), _texts(chain.from_iterable(value or () for value in values))
    )


def _each(as_text: Callable[[Any], str], values: Iterable[Any]) -> Iterable[str | None]:
    return (None if value is None else as_text(value) for value in values)


def _flag(value: Any) -> str:
    return "true" if value else "false"


_AS_TEXT: Final[Mapping[str, Callable[[Any], str]]] = {"integer": str, "number": repr, "flag": _flag}
"""How a value is written so that Arrow reads exactly the same one."""
