"""Stacked bars, drawn to scale: one bar a line, its parts in the order of a legend.

Facts
    * A part too small for its number is written out at the end of its bar.

Where it is used: `report.charts`, `report.receipt`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dynsync_lib.report.pieces import make_id
from dynsync_lib.report.svg import INK, MUTED, PAPER, open_canvas, save_svg, text_colour, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH: Final = 860.0
_LEFT: Final = 205.0
_BAR: Final = 470.0
_ROW: Final = 46.0
_TOP: Final = 40.0
_THIN: Final = 0.07
"""A part below this share of its bar is written at the bar's end instead of inside."""


@dataclass(frozen=True, slots=True)
class Legend:
    """The parts in their order: the word and the colour (`#rrggbb`) of each."""

    words: Mapping[str, str]
    colours: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stack:
    """One bar: its name, what stands below that, and its parts."""

    name: str
    below: str
    counts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(count for _, count in self.counts)


def draw_stacks(stacks: Sequence[Stack], legend: Legend, title: str, description: str) -> Markup:
    """The bars with their legend as SVG."""
    figure, axes = open_canvas(_WIDTH, _TOP + _ROW * len(stacks) + 6)
    _draw_legend(axes, legend)
    for index, stack in enumerate(stacks):
        _draw_stack(axes, stack, legend, _TOP + _ROW * index + 8)
    return save_svg(figure, id_=make_id("bars", description), title=title, description=f"{description}.")


def _draw_legend(axes: Axes, legend: Legend) -> None:
    from matplotlib.patches import Rectangle

    x = 0.0
    for part, word in legend.words.items():
        axes.add_patch(Rectangle((x, 6), 12, 12, facecolor=legend.colours[part], linewidth=0))
        write(axes, x + 18, 12, word, fontsize=12)
        x += 40 + 7.4 * len(word)


def _draw_stack(axes: Axes, stack: Stack, legend: Legend, y: float) -> None:
    from matplotlib.patches import Rectangle

    write(axes, 0, y + 8, stack.name, fontsize=13, fontweight="bold")
    write(axes, 0, y + 25, stack.below, fontsize=12, color=MUTED)
    x, small = _LEFT, []
    for part, count in stack.counts:
        width = _BAR * count / stack.total
        if not count:
            continue
        colour = legend.colours[part]
        axes.add_patch(Rectangle((x, y), width, 30, facecolor=colour, edgecolor=PAPER, linewidth=1.2))
        if count / stack.total < _THIN:
            small.append(f"{count:,} {legend.words[part].split(', ')[-1].lower()}")
        else:
            write(axes, x + width / 2, y + 15, f"{count:,}", ha="center", color=text_colour(colour))
        x += width
    for line, words in enumerate(_two_lines(small)):
        write(axes, _LEFT + _BAR + 10, y + (15 if len(small) < 2 else 7.5 + 16 * line), words, fontsize=11, color=INK)


def _two_lines(words: Sequence[str]) -> list[str]:
    half = (len(words) + 1) // 2
    return [" · ".join(part) for part in (words[:half], words[half:]) if part]
