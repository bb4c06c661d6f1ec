"""Where values are overwritten: a row for each field, a column for each system that is written to.

Facts
    * Only what lands is counted: skipped values and stages that stay are not.
    * A direction in which a field does not flow is a dash, one whose columns were not delivered is not checked, and
      neither is a zero.

Source: the tables `changes` and `mapping` of the forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.model import ChangeKind, System, flows_into
from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import (
    ForecastTables,
    Row,
    is_compared,
    is_held_back,
    say_uncompared_of,
    sum_where,
)
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.tables import Badge, Grid, Head, show_table
from dynsync_lib.report.tiles import Tile, TileRow, draw_tiles, say_drawn, shade
from dynsync_lib.report.words import (
    INTO,
    NOT_CHECKED_COLOUR,
    mapping_word,
    object_rank,
    object_word,
    system_word,
)

_TITLE: Final = "Where values are overwritten, and in which system"
_BY: Final = ("object", "target_system", "target_field", "source_field", "kind", "note")
_Field = tuple[str, str, str]
"""Object, property of HubSpot, column of Dynamics."""


@dataclass(frozen=True, slots=True)
class OverwrittenField:
    """One field of both systems and how many values are overwritten in each.

    A number is None where nothing flows in that direction, and `is_compared` false where a column was not delivered.
    """

    object: str
    hubspot_field: str
    dynamics_field: str
    counts: Mapping[System, int | None]
    is_compared: bool = True

    @property
    def total(self) -> int:
        """In both systems together."""
        return sum(count or 0 for count in self.counts.values())

    @property
    def label(self) -> str:
        """What the field is called, see `mapping_word`."""
        return mapping_word(self.object, self.hubspot_field, self.dynamics_field)


def overwrite_heatmap(forecast: ForecastTables) -> Piece:
    """The fields in which values are overwritten by the system that is written to; a sentence when none is.

    >>> kit.overwrite_heatmap(kit.open_forecast("out/demo/forecast"))
    527 values are overwritten: 527 in HubSpot and 0 in Dynamics. The first 20 of 31 are drawn.
    """
    fields = read_overwritten(forecast)
    shown = [field for field in fields if field.total or not field.is_compared]
    if not shown:
        return Piece(render("empty", sentence="No value of a matched record is overwritten."), _TITLE)
    sums = {system: sum(field.counts[system] or 0 for field in fields) for system in System}
    parts = " and ".join(f"{count:,} in {system_word(system)}" for system, count in sums.items())
    total = counted(sum(sums.values()), "value is", "values are")
    mappings = forecast.rows("mapping")
    unchecked = say_uncompared_of(mappings)
    sentence = f"{total} overwritten: {parts}.{unchecked}{say_drawn(len(shown))}"
    most = max(count or 0 for field in shown for count in field.counts.values())
    rows = [TileRow(field.label, tuple(_tile(field, system, most) for system in System)) for field in shown]
    wide, narrow = draw_tiles([INTO[system] for system in System], rows, _TITLE, _describe(shown))
    return Chart(_TITLE, sentence, wide, _table(shown), narrow=narrow).as_piece()


def read_overwritten(forecast: ForecastTables) -> list[OverwrittenField]:
    """Every mapped field, the most overwritten one first, and what is overwritten without a mapping."""
    changes = [row for row in forecast.counts("changes", _BY) if row["kind"] == ChangeKind.OVERWRITE]
    landing = [row for row in changes if not is_held_back(row)]
    mappings = {_key_of_mapping(row): row for row in forecast.rows("mapping")}
    keys = dict.fromkeys((*mappings, *(_key_of_change(row) for row in landing)))
    fields = [_field(key, mappings.get(key), landing) for key in keys]
    return sorted(fields, key=lambda field: (-field.total, object_rank(field.object), field.label))


def _key_of_mapping(row: Row) -> _Field:
    return row["object"], row["hubspot_field"], row["dynamics_field"]


def _key_of_change(row: Row) -> _Field:
    names = row["target_field"], row["source_field"]
    return row["object"], *(names if row["target_system"] == System.HUBSPOT else names[::-1])


def _field(key: _Field, mapping: Row | None, changes: Sequence[Row]) -> OverwrittenField:
    own = [row for row in changes if _key_of_change(row) == key]
    counts = {system: sum_where(own, target_system=system) for system in System}
    allowed = "none" if mapping is None else mapping["allowed_directions"]
    flows = {system: flows_into(allowed, system) or bool(counts[system]) for system in System}
    known = {system: counts[system] if flows[system] else None for system in System}
    return OverwrittenField(*key, known, mapping is None or is_compared(mapping))


def _tile(field: OverwrittenField, system: System, most: int) -> Tile:
    count = field.counts[system]
    if count is None:
        return Tile("–")
    if not field.is_compared:
        return Tile("not checked", NOT_CHECKED_COLOUR)
    return Tile(f"{count:,}", shade(count, most) if count else "")


def _describe(fields: Sequence[OverwrittenField]) -> str:
    return f"{'; '.join(f'{field.label}: {_say_counts(field)}' for field in fields)}."


def _say_counts(field: OverwrittenField) -> str:
    if not field.is_compared:
        return "not checked"
    known = [f"{count:,} in {system_word(system)}" for system, count in field.counts.items() if count is not None]
    return ", ".join(known)


def _table(fields: Sequence[OverwrittenField]) -> Piece:
    heads = [
        Head("Records"),
        Head("HubSpot property", "code"),
        Head("Dynamics column", "code"),
        *(Head(f"Overwritten in {system_word(system)}", "number") for system in System),
    ]
    rows: list[list[Any]] = [
        [
            object_word(field.object).capitalize(),
            field.hubspot_field,
            field.dynamics_field,
            *(_cell(field, system) for system in System),
        ]
        for field in fields
    ]
    note = "A dash: nothing flows into that system, so nothing is overwritten there."
    return show_table(Grid("Values overwritten", heads, rows, unit="fields", note=note))


def _cell(field: OverwrittenField, system: System) -> int | Badge | None:
    count = field.counts[system]
    return count if count is None or field.is_compared else Badge("Not checked", "grey")
