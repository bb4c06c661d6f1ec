"""The flow chart: from the records of each side to what becomes of them.

Facts
    * HubSpot stands left, Dynamics right, the six outcomes in the middle; a band is as thick as its number of records.
    * Bands thinner than a pixel are drawn one pixel thick, so that nothing that occurs is invisible.

Source: the summary of the forecast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dynsync_lib.core.model import Outcome, System
from dynsync_lib.listing import counted
from dynsync_lib.report.charts import OUTCOME_LEGEND, Bar, Chart, outcome_grid, read_bars
from dynsync_lib.report.forecast_tables import ForecastTables, count_outcomes, is_unknown
from dynsync_lib.report.pieces import Piece, make_id, render
from dynsync_lib.report.stacks import NARROW, Stack, draw_stacks
from dynsync_lib.report.svg import INK, MUTED, open_canvas, save_svg, text_colour, write
from dynsync_lib.report.tables import show_table
from dynsync_lib.report.words import MATCHED, OTHER, OUTCOME_COLOURS, OUTCOMES, object_word, system_word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH: Final = 860.0
_TOP: Final = 44.0
_HEIGHT: Final = 430.0
_SIDE_GAP: Final = 10.0
_BOX: Final = (318.0, 542.0)
_BOX_GAP: Final = 12.0
_BOX_LEAST: Final = 44.0
_NODE_LEAST: Final = 32.0
_MOST_GAP: Final = 40.0
_NODE: Final = 12.0
_EDGE: Final = {System.HUBSPOT: 112.0, System.DYNAMICS: 748.0}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch from `top` of `height`, in pixels."""

    top: float
    height: float

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.top + self.height / 2


def flow_chart(forecast: ForecastTables) -> Piece:
    """Both sides flowing into the outcomes; an empty forecast gives a sentence instead of a drawing.

    >>> kit.flow_chart(kit.open_forecast("out/demo/forecast"))
    HubSpot has 1,581 records: 436 created in Dynamics, 830 matched, 8 shadowed, 290 excluded, 17 failing. ...
    """
    bars = read_bars(count_outcomes(forecast))
    title = "Where the records of each side end"
    if not bars:
        return Piece(render("empty", sentence=f"{title}: the forecast holds no records."), title)
    unknown = frozenset(system for system in System if is_unknown(forecast, system))
    sides = (_say_unknown(system) if system in unknown else _say_side(bars, system) for system in System)
    sentence = " ".join([*sides, *_say_difference(bars)])
    table = show_table(outcome_grid(bars, "Records of each side by outcome"))
    return Chart(
        title, sentence, _draw(bars, title, sentence, unknown), table, narrow=_draw_narrow(bars, title, sentence)
    ).as_piece()


def _draw_narrow(bars: Sequence[Bar], title: str, sentence: str) -> Markup:
    """For phones: one bar a side, since bands between two sides need more room than there is."""
    sides = {system: _by_outcome([bar for bar in bars if bar.system == system]) for system in System}
    stacks = [
        Stack(system_word(system), counted(sum(counts.values()), "record", "records"), tuple(counts.items()))
        for system, counts in sides.items()
        if sum(counts.values())
    ]
    return draw_stacks(stacks, OUTCOME_LEGEND, title, sentence.removesuffix("."), NARROW)


def _say_unknown(system: System) -> str:
    return f"How many records {system_word(system)} holds is not known: they were not delivered."


def _say_side(bars: Sequence[Bar], system: System) -> str:
    totals = _by_outcome([bar for bar in bars if bar.system == system])
    total = sum(totals.values())
    if not total:
        return f"{system_word(system)} holds no records."
    created = totals[Outcome.CREATE]
    matched = sum(totals[outcome] for outcome in MATCHED)
    rest = ", ".join(
        f"{totals[outcome]:,} {OUTCOMES[outcome].lower()}"
        for outcome in (Outcome.SHADOWED, Outcome.EXCLUDED, Outcome.FAILING)
    )
    return (
        f"{system_word(system)} has {counted(total, 'record', 'records')}: {created:,} created in "
        f"{system_word(OTHER[system])}, {matched:,} matched, {rest}."
    )


def _say_difference(bars: Sequence[Bar]) -> Iterator[str]:
    """Why the two sides count different numbers of matched records; nothing where they do not."""
    matched = {
        sum(_by_outcome([bar for bar in bars if bar.system == system])[outcome] for outcome in MATCHED)
        for system in System
    }
    if len(matched) > 1:
        yield (
            "The two numbers of matched records differ: one HubSpot contact can be the partner of a contact and of a "
            "lead, a lead can meet a contact that is still to be created, and a record that will fail counts as "
            "failing although its partner is matched."
        )


def _by_outcome(bars: Sequence[Bar]) -> dict[str, int]:
    return {outcome: sum(dict(bar.counts)[outcome] for bar in bars) for outcome in OUTCOMES}


def _draw(bars: Sequence[Bar], title: str, sentence: str, unknown: frozenset[System]) -> Markup:
    sides = {system: [bar for bar in bars if bar.system == system] for system in System}
    most = {outcome: max(_by_outcome(side)[outcome] for side in sides.values()) for outcome in OUTCOMES}
    scale = _fit(sides, most)
    boxes = _place(
        list(most), [max(_BOX_LEAST, most[outcome] * scale) if most[outcome] else 0 for outcome in most], _BOX_GAP
    )
    figure, axes = open_canvas(_WIDTH, _TOP + _HEIGHT + 12)
    for system, side in sides.items():
        total = "not known" if system in unknown else f"{sum(bar.total for bar in side):,}"
        _draw_head(axes, system, total)
        _draw_side(axes, system, side, boxes, scale)
    for outcome, box in boxes.items():
        counts = {system: _by_outcome(side)[outcome] for system, side in sides.items() if system not in unknown}
        _draw_box(axes, outcome, box, counts)
    return save_svg(figure, id_=make_id("flow", sentence), title=title, description=sentence)


def _fit(sides: Mapping[System, Sequence[Bar]], most: Mapping[str, int]) -> float:
    """The largest scale, in pixels per record, at which both sides and the boxes fit into the height."""
    largest = max(bar.total for side in sides.values() for bar in side)
    scale = _HEIGHT / largest
    while scale * largest > 1 and (
        any(_needed([bar.total * scale for bar in side], _NODE_LEAST, _SIDE_GAP) > _HEIGHT for side in sides.values())
        or _needed([count * scale for count in most.values() if count], _BOX_LEAST, _BOX_GAP) > _HEIGHT
    ):
        scale *= 0.97
    return scale


def _needed(heights: Sequence[float], least: float, gap: float) -> float:
    return sum(max(least, height) for height in heights) + gap * (len(heights) - 1)


def _place(names: Sequence[str], heights: Sequence[float], gap: float) -> dict[str, Span]:
    """The named stretches one below the other, spread over the whole height; those of no height are left out."""
    shown = {name: height for name, height in zip(names, heights, strict=True) if height}
    spare = _HEIGHT - _needed(list(shown.values()), 0, gap)
    gap += min(_MOST_GAP, max(0.0, spare) / max(1, len(shown) - 1))
    top = _TOP + max(0.0, _HEIGHT - _needed(list(shown.values()), 0, gap)) / 2
    placed = {}
    for name, height in shown.items():
        placed[name] = Span(top, height)
        top += height + gap
    return placed


def _draw_head(axes: Axes, system: System, total: str) -> None:
    x, align = (0, "left") if system is System.HUBSPOT else (_WIDTH, "right")
    write(axes, x, 14, f"{system_word(system)}: {total}", fontsize=15, fontweight="bold", ha=align)


def _draw_side(axes: Axes, system: System, bars: Sequence[Bar], boxes: Mapping[str, Span], scale: float) -> None:
    edge, inward = _EDGE[system], 1 if system is System.HUBSPOT else -1
    align = "right" if system is System.HUBSPOT else "left"
    filled = {outcome: box.middle - _by_outcome(bars)[outcome] * scale / 2 for outcome, box in boxes.items()}
    spans = _place([bar.object for bar in bars], [max(_NODE_LEAST, bar.total * scale) for bar in bars], _SIDE_GAP)
    for bar in bars:
        span, height = spans[bar.object], max(1.0, bar.total * scale)
        node = Span(span.middle - height / 2, height)
        _draw_node(axes, edge, node)
        write(axes, edge - 10 * inward, node.middle - 8, object_word(bar.object, system).capitalize(), ha=align)
        write(axes, edge - 10 * inward, node.middle + 8, f"{bar.total:,}", ha=align, fontsize=11, color=MUTED)
        _draw_bands(axes, edge, inward, bar, node, filled, scale)


def _draw_node(axes: Axes, edge: float, node: Span) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((edge - _NODE / 2, node.top), _NODE, node.height, facecolor=INK, linewidth=0))


def _draw_bands(
    axes: Axes, edge: float, inward: int, bar: Bar, node: Span, filled: dict[str, float], scale: float
) -> None:
    """Draws the bands of one node; `filled` says how far each outcome is used up and is moved on."""
    start, top = edge + inward * _NODE / 2, node.top
    end = _BOX[0] if inward > 0 else _BOX[1]
    for outcome, count in bar.counts:
        if count:
            thick = count * scale
            _draw_band(axes, (start, top), (end, filled[outcome]), thick, OUTCOME_COLOURS[outcome])
            top += thick
            filled[outcome] += thick


def _draw_band(axes: Axes, start: tuple[float, float], end: tuple[float, float], thick: float, colour: str) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (x0, y0), (x1, y1), middle = start, end, (start[0] + end[0]) / 2
    thick = max(1.0, thick)
    points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1),
              (x1, y1 + thick), (middle, y1 + thick), (middle, y0 + thick), (x0, y0 + thick), (x0, y0)]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.5, linewidth=0))


def _draw_box(axes: Axes, outcome: str, box: Span, counts: Mapping[System, int]) -> None:
    from matplotlib.patches import Rectangle

    colour = OUTCOME_COLOURS[outcome]
    ink = text_colour(colour)
    axes.add_patch(Rectangle((_BOX[0], box.top), _BOX[1] - _BOX[0], box.height, facecolor=colour, linewidth=0))
    middle = (_BOX[0] + _BOX[1]) / 2
    word = "Created on the other side" if outcome == Outcome.CREATE else OUTCOMES[outcome]
    write(axes, middle, box.middle - 8, word, ha="center", color=ink, fontweight="bold")
    for system, x, align in ((System.HUBSPOT, _BOX[0] + 10, "left"), (System.DYNAMICS, _BOX[1] - 10, "right")):
        if system in counts:
            write(axes, x, box.middle + 9, f"{counts[system]:,}", ha=align, color=ink)
