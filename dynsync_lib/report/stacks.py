"""Stacked bars, drawn to scale: one bar a line, its parts in the order of a legend.

Facts
    * A part too small for its number is written out at the end of its bar.

Where it is used: `report.charts`, `report.receipt`, `report.totals`, `report.flow`, `report.links`,
`report.key_groups`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dynsync_lib.report.pieces import make_id
from dynsync_lib.report.svg import INK, MUTED, PAPER, open_canvas, save_svg, text_colour, write
from dynsync_lib.report.translation import longest_words
from dynsync_lib.report.words import SYSTEMS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TOP: Final = 16.0
_LEGEND_LINE: Final = 22.0
_THIN: Final = 0.07
"""A part below this share of its bar is written at the bar's end instead of inside."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand, in pixels. Bars begin at `left`: names stand before them, or above them where it is 0."""

    width: float
    left: float
    bar: float
    row: float


WIDE: Final = Layout(width=860, left=225, bar=420, row=46)
NARROW: Final = Layout(width=350, left=0, bar=350, row=80)
"""For phones."""


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


def draw_stacks(
    stacks: Sequence[Stack], legend: Legend, title: str, description: str, layout: Layout = WIDE, *, full: int = 0
) -> Markup:
    """The bars with their legend as SVG. A whole bar means `full` records; where that is 0, those of its own stack."""
    places = _place_words(legend, layout)
    top = _TOP + _LEGEND_LINE * (1 + max(line for _, line in places))
    figure, axes = open_canvas(layout.width, top + layout.row * len(stacks) + 6)
    _draw_legend(axes, legend, places)
    for index, stack in enumerate(stacks):
        _draw_stack(axes, stack, legend, top + layout.row * index, layout, full or stack.total)
    id_ = make_id("bars", f"{description}{layout}")
    return save_svg(figure, id_=id_, title=title, description=f"{description}.")


def draw_both(
    stacks: Sequence[Stack], legend: Legend, title: str, description: str, *, full: int = 0
) -> tuple[Markup, Markup]:
    """The bars twice: for wide screens, and for phones."""
    wide, narrow = (draw_stacks(stacks, legend, title, description, layout, full=full) for layout in (WIDE, NARROW))
    return wide, narrow


def _place_words(legend: Legend, layout: Layout) -> list[tuple[float, int]]:
    """Where each word of the legend begins, and on which line."""
    places, x, line = [], 0.0, 0
    for word in legend.words.values():
        length = 40 + 7.4 * longest_words(word)
        if x and x + length - 18 > layout.width:
            x, line = 0.0, line + 1
        places.append((x, line))
        x += length
    return places


def _draw_legend(axes: Axes, legend: Legend, places: Sequence[tuple[float, int]]) -> None:
    from matplotlib.patches import Rectangle

    for (part, word), (x, line) in zip(legend.words.items(), places, strict=True):
        y = 6 + _LEGEND_LINE * line
        axes.add_patch(Rectangle((x, y), 12, 12, facecolor=legend.colours[part], linewidth=0))
        write(axes, x + 18, y + 6, word, fontsize=12)


def _draw_stack(axes: Axes, stack: Stack, legend: Legend, y: float, layout: Layout, full: int) -> None:
    small = _draw_bar(axes, stack, legend, y if layout.left else y + 20, layout, full)
    if layout.left:
        write(axes, 0, y + 8, stack.name, fontsize=13, fontweight="bold")
        write(axes, 0, y + 25, stack.below, fontsize=12, color=MUTED)
        x = layout.left + layout.bar + 10
        for line, words in enumerate(_two_lines(small)):
            write(axes, x, y + (15 if len(small) < 2 else 7.5 + 16 * line), words, fontsize=11, color=INK)
    else:
        write(axes, 0, y + 8, stack.name, fontsize=13, fontweight="bold")
        write(axes, layout.width, y + 8, stack.below, fontsize=12, color=MUTED, ha="right")
        write(axes, 0, y + 59, " · ".join(small), fontsize=11, color=INK)


def _draw_bar(axes: Axes, stack: Stack, legend: Legend, y: float, layout: Layout, full: int) -> list[str]:
    """Draws the parts of a bar; comes back with the words for those too thin for their number."""
    from matplotlib.patches import Rectangle

    x, small = layout.left, []
    for part, count in stack.counts:
        width = layout.bar * count / full
        if not count:
            continue
        colour = legend.colours[part]
        axes.add_patch(Rectangle((x, y), width, 30, facecolor=colour, edgecolor=PAPER, linewidth=1.2))
        if width < max(_THIN * layout.bar, 7.5 * len(f"{count:,}")):
            small.append(_say_part(legend.words[part], count))
        else:
            write(axes, x + width / 2, y + 15, f"{count:,}", ha="center", color=text_colour(colour))
        x += width
    return small


def _say_part(word: str, count: int) -> str:
    """Such as "3 changed" of "Matched, changed"; records of a system are named first: "Dynamics leads: 3"."""
    last = word.split(", ")[-1]
    is_of_system = last.startswith(tuple(SYSTEMS.values()))
    return f"{last}: {count:,}" if is_of_system else f"{count:,} {last[0].lower()}{last[1:]}"


def _two_lines(words: Sequence[str]) -> list[str]:
    half = (len(words) + 1) // 2
    return [" · ".join(part) for part in (words[:half], words[half:]) if part]
