"""Which HubSpot property and which Dynamics column probably belong together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import dynsync_lib
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.suggestions.compared_fields import Knowledge
from dynsync_lib.core.suggestions.matched_records import NOBODY, MatchedRecords, match_records
from dynsync_lib.core.suggestions.meanings import read_meanings
from dynsync_lib.core.suggestions.suggest import Suggestion
from dynsync_lib.core.suggestions.suggest import suggest_mappings as suggest_from
from dynsync_lib.core.suggestions.vocabulary import read_vocabulary
from dynsync_lib.core.tables import record_table
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts.csv_files import replace_list
from dynsync_lib.forecasts.open_snapshot import open_tables, read_catalogue
from dynsync_lib.kit.opened import AnySnapshot, opened_snapshot
from dynsync_lib.kit.rulebooks import rulebook

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = tuple(field.name for field in fields(Suggestion))


def suggest_mappings(snapshot: AnySnapshot) -> pd.DataFrame:
    """Which property and which column probably mean the same; one row per suggestion, by object, property and rank.

    Columns: object, hubspot_field, dynamics_field, rank (1 is the best of the property), score (0 to 1), reason. A
    property without a row has no suggestion: nothing is guessed. Fields are compared by their names, labels, types and
    options, and by the values of matched records where the snapshot has some.

    This computes: a second or two for 300 properties and 300 columns. Raises SnapshotError.

    >>> suggestions = kit.suggest_mappings("out/demo/snapshot").set_index(["object", "hubspot_field", "rank"])
    >>> suggestions.loc[("contact", "customer_tier", 1), "dynamics_field"]
    'new_customertier'
    """
    import pandas as pd

    return pd.DataFrame(find_suggestions(snapshot), columns=list(COLUMNS))


def find_suggestions(snapshot: AnySnapshot) -> list[dict[str, Any]]:
    """The rows of `suggest_mappings`, without a frame. Computes, and raises, as that does."""
    opened = opened_snapshot(snapshot)
    with temporary_folder() as work, open_tables(opened, work=work) as engine:

        def matched(object_: Object, names: Mapping[System, Collection[str]]) -> MatchedRecords:
            tables = [record_table(object_, system).name for system in System]
            if not all(opened.rows(name) for name in tables):
                return NOBODY
            return match_records(object_, {name: engine.scan(opened.table_path(name)) for name in tables}, names)

        return [_row(suggestion) for suggestion in suggest_from(read_catalogue(opened), _knowledge(), matched)]


def write_suggestions(rows: Iterable[Mapping[str, Any]], file: Path) -> None:
    """Writes the rows as a CSV file, private, whose cells begin no formula; an earlier file of suggestions is replaced.

    Raises UsageError when there is anything else.
    """
    replace_list(file, "a file of suggestions", COLUMNS, ([row[name] for name in COLUMNS] for row in rows))


def _row(suggestion: Suggestion) -> dict[str, Any]:
    row = {name: getattr(suggestion, name) for name in COLUMNS}
    return row | {"object": suggestion.object.value}


@cache
def _knowledge() -> Knowledge:
    folder = resources.files(dynsync_lib) / "rules"
    words, of_trades, meanings = (
        (folder / f"field_{name}.toml").read_text(encoding="utf-8") for name in ("words", "words_of_trades", "meanings")
    )
    return Knowledge(rulebook(), read_vocabulary(words, of_trades), read_meanings(meanings))
