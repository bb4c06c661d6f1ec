"""The two kinds of rows that come into the kit from outside, before a snapshot stores them.

Facts
    * The rows that a snapshot stores are a third kind, `snapshot.writer.TableRow`: typed, and with finished keys.

Where it is used: `portals.pages` (APIs), `portals.files.load_files` (files), `portals.metadata_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TextRow = Mapping[str, str | None]
"""One record, owner, user or association: the vendor's text by the vendor's column name; None for an empty value.

A column that was not delivered is missing.
"""
MetadataRow = Mapping[str, Any]
"""What one property or column is, by the column names of `core.tables.PROPERTIES` or `core.tables.COLUMNS`; not typed
yet.
"""
