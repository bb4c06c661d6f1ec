"""A matrix of tiles: a row for each field, a column for each direction, a word or a number in every tile.

Facts
    * Whatever a colour says stands in its tile as a word or a number, too.
    * At most twenty rows are drawn; the table behind holds all of them.

Where it is used: `report.overwrite_heat`, `report.mapping_matrix`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dynsync_lib.report.pieces import make_id
from dynsync_lib.report.svg import (
    LABEL_CHARACTERS,
    LINE,
    MUTED,
    PAPER,
    open_canvas,
    save_svg,
    text_colour,
    wrap,
    write,
    write_lines,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS: Final = 20
_WIDE, _NARROW = 860.0, 350.0
_LEFT: Final = 350.0
_HEAD: Final = 26.0
_ROW: Final = 34.0
_TILE: Final = 26.0
_LIGHTEST, _DARKEST = (227, 238, 248), (8, 69, 126)


@dataclass(frozen=True, slots=True)
class Tile:
    """What stands in a tile, and its colour (`#rrggbb`); without a colour it is muted text on the page."""

    text: str
    colour: str = ""


@dataclass(frozen=True, slots=True)
class TileRow:
    """One row: its name and a tile for every column."""

    label: str
    tiles: tuple[Tile, ...]


def shade(count: int, most: int) -> str:
    """The colour of a count between 1 (pale) and `most` (dark): by its square root, so that small ones differ, too."""
    part = (count / most) ** 0.5 if most else 0.0
    mixed = (round(pale + (dark - pale) * part) for pale, dark in zip(_LIGHTEST, _DARKEST, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def say_drawn(rows: int) -> str:
    """A sentence that says so where not all rows are drawn; nothing where they are."""
    return f" The first {MOST_ROWS} of {rows:,} are drawn." if rows > MOST_ROWS else ""


def draw_tiles(heads: Sequence[str], rows: Sequence[TileRow], title: str, description: str) -> tuple[Markup, Markup]:
    """The first rows twice: for wide screens, and for phones, where the name of a row stands above its tiles."""
    shown = rows[:MOST_ROWS]
    return _draw_wide(heads, shown, title, description), _draw_narrow(heads, shown, title, description)


def _draw_wide(heads: Sequence[str], rows: Sequence[TileRow], title: str, description: str) -> Markup:
    figure, axes = open_canvas(_WIDE, _HEAD + _ROW * len(rows) + 4)
    _write_heads(axes, heads, _LEFT, _WIDE)
    for index, row in enumerate(rows):
        top = _HEAD + _ROW * index
        write_lines(axes, _LEFT - 12, top + _TILE / 2, wrap(row.label, LABEL_CHARACTERS), ha="right")
        _draw_row(axes, row, _LEFT, _WIDE, top)
    return save_svg(figure, id_=make_id("tiles", f"{title}{description}{rows}"), title=title, description=description)


def _draw_narrow(heads: Sequence[str], rows: Sequence[TileRow], title: str, description: str) -> Markup:
    labels = [wrap(row.label, LABEL_CHARACTERS) for row in rows]
    figure, axes = open_canvas(_NARROW, _HEAD + sum(LINE * len(lines) + _ROW + 4 for lines in labels) + 4)
    _write_heads(axes, heads, 0, _NARROW)
    top = _HEAD
    for row, lines in zip(rows, labels, strict=True):
        height = LINE * len(lines)
        write_lines(axes, 0, top + height / 2, lines)
        _draw_row(axes, row, 0, _NARROW, top + height + 2)
        top += height + _ROW + 4
    id_ = make_id("tiles-narrow", f"{title}{description}{rows}")
    return save_svg(figure, id_=id_, title=title, description=description)


def _write_heads(axes: Axes, heads: Sequence[str], left: float, right: float) -> None:
    width = (right - left) / len(heads)
    for index, head in enumerate(heads):
        write(axes, left + width * (index + 0.5), _HEAD / 2 - 2, head, ha="center", fontweight="bold")


def _draw_row(axes: Axes, row: TileRow, left: float, right: float, top: float) -> None:
    from matplotlib.patches import Rectangle

    width = (right - left) / len(row.tiles)
    for index, tile in enumerate(row.tiles):
        x = left + width * index
        if tile.colour:
            axes.add_patch(Rectangle((x, top), width, _TILE, facecolor=tile.colour, edgecolor=PAPER, linewidth=2))
        ink = text_colour(tile.colour) if tile.colour else MUTED
        write(axes, x + width / 2, top + _TILE / 2, tile.text, ha="center", color=ink)
