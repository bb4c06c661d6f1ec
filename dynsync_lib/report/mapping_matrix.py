"""The mappings as a matrix: a row for each, a column for each direction, and in every tile whether values flow there.

Source: the table `mapping` of the forecast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from dynsync_lib.core.model import System, Verdict, flows_into
from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import ForecastTables, Row
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.tiles import Tile, TileRow, draw_tiles, say_drawn
from dynsync_lib.report.words import (
    INTO,
    NOT_CHECKED_COLOUR,
    VERDICTS,
    mapping_word,
    object_rank,
    object_word,
    rank_of,
    tally,
)

_TITLE: Final = "Which mappings work, and which way"
_NO_FLOW: Final = Tile("does not flow")
_TILES: Final[Mapping[str, Tile]] = {
    Verdict.BLOCKED: Tile("blocked", "#b3440c"),
    Verdict.LOSSY: Tile("loses detail", "#e69f00"),
    Verdict.NOT_CHECKED: Tile("not checked", NOT_CHECKED_COLOUR),
}
_WORKS: Final = Tile("works", "#a6dbcb")
_WORST_FIRST: Final = (Verdict.BLOCKED, Verdict.NOT_CHECKED, Verdict.LOSSY, Verdict.ONE_WAY, Verdict.OK)
"""What was not checked stands before what loses detail: the matrix must not cut it off."""


def mapping_matrix(forecast: ForecastTables) -> Piece:
    """Every mapping by direction, worst first, and whether values flow; a sentence when no field is mapped.

    >>> kit.mapping_matrix(kit.open_forecast("out/demo/forecast"))
    48 field mappings: 1 blocked, 6 lose detail, 3 one way, 38 work. The first 20 of 48 are ...
    """
    mappings = sorted(
        forecast.rows("mapping"),
        key=lambda row: (rank_of(row["verdict"], _WORST_FIRST), object_rank(row["object"]), row["hubspot_field"]),
    )
    if not mappings:
        return Piece(render("empty", sentence="No field is mapped."), _TITLE)
    parts = tally(Counter(row["verdict"] for row in mappings), VERDICTS)
    sentence = f"{counted(len(mappings), 'field mapping', 'field mappings')}: {parts}.{say_drawn(len(mappings))}"
    rows = [TileRow(_name(row), tuple(_tile(row, system) for system in System)) for row in mappings]
    description = "; ".join(f"{row.label}: {', '.join(tile.text for tile in row.tiles)}" for row in rows)
    heads = [INTO[system] for system in System]
    wide, narrow = draw_tiles(heads, rows, _TITLE, f"{', '.join(heads)}. {description}.")
    table = [
        [object_word(mapping["object"]).capitalize(), mapping["hubspot_field"], mapping["dynamics_field"]]
        + [tile.text for tile in row.tiles]
        for mapping, row in zip(mappings, rows, strict=True)
    ]
    columns = [Head("Records"), Head("HubSpot property", "code"), Head("Dynamics column", "code"), *map(Head, heads)]
    grid = Grid("Mappings by direction", columns, table, unit="mappings")
    return Chart(_TITLE, sentence, wide, show_table(grid), narrow=narrow).as_piece()


def _name(row: Row) -> str:
    return mapping_word(row["object"], row["hubspot_field"], row["dynamics_field"])


def _tile(row: Row, system: System) -> Tile:
    """Whether the values of a mapping flow into a system. Of a blocked one nothing flows, whichever way."""
    if row["verdict"] != Verdict.BLOCKED and not flows_into(row["allowed_directions"], system):
        return _NO_FLOW
    return _TILES.get(row["verdict"], _WORKS)
