"""How a lookup of Dynamics is named: by its own name, and in rows as two columns.

Facts
    * Metadata, filters and settings say `ownerid`. A row holds `_ownerid_value`, the id of the record that the lookup
      points to, and `_ownerid_type`, the table of that record. No other column begins with `_`.

Where it is used: whatever reads rows of Dynamics beside its metadata.
"""

from __future__ import annotations

from typing import Final

_START: Final = "_"
_ID: Final = "_value"
_TYPE: Final = "_type"


def is_lookup_id(column: str) -> bool:
    """Whether a column holds the id that a lookup points to."""
    return column.startswith(_START) and column.endswith(_ID)


def is_lookup_type(column: str) -> bool:
    """Whether a column holds the table that a lookup points to."""
    return column.startswith(_START) and column.endswith(_TYPE)


def lookup_of(column: str) -> str:
    """The lookup's own name for the column of its id; any other name as it is.

    >>> lookup_of("_ownerid_value"), lookup_of("new_value")
    ('ownerid', 'new_value')
    """
    return column[len(_START) : -len(_ID)] if is_lookup_id(column) else column


def bare_name(column: str) -> str:
    """The lookup's own name for either of its columns; any other name as it is.

    >>> bare_name("_ownerid_type"), bare_name("new_type")
    ('ownerid', 'new_type')
    """
    return column[len(_START) : -len(_TYPE)] if is_lookup_type(column) else lookup_of(column)
