"""Scenarios side by side as a table and as bars, and the marketing contacts of each.

Facts
    * Each figure has a scale of its own, which begins at zero: a hundred failing records are not to vanish beside a
      thousand created ones.
    * A figure that nobody can know is a dash, never a zero; neither has a bar, so the number beside it says which.

Where it is used: the notebook about filters, and the scenario panel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import Row
from dynsync_lib.report.pieces import Piece, make_id, render
from dynsync_lib.report.svg import INK, MUTED, open_canvas, save_svg, write
from dynsync_lib.report.tables import Badge, Grid, Head, Lines, show_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIGURE_WORDS: Final[Mapping[str, str]] = {
    "created_in_hubspot": "records created in HubSpot",
    "created_in_dynamics": "records created in Dynamics",
    "updated": "matched records that change",
    "fields_overwritten": "field values overwritten",
    "shadowed": "records silently left out",
    "excluded": "records excluded by rule or filter",
    "failing": "records that will fail",
    "associated": "associations that sync",
    "marketing_afterwards": "marketing contacts afterwards",
    "escapes": "pairs that escape their filter",
}
_WIDTH: Final = 860.0
_LEFT: Final = 250.0
_LONGEST: Final = 440.0
_BAR: Final = 20.0
_HEAD: Final = 30.0
_LABEL: Final = 34
_BASE, _OTHER = "#8a929c", "#0072b2"


def scenario_table(rows: Sequence[Row], *, notes: Sequence[str] = ()) -> Piece:
    """Scenarios side by side: one row per figure, one column per scenario, with the difference from the first one.

    `rows` are those of `Scenarios.rows`: `scenario`, and a number by figure; `notes` what they rest on and nobody
    checked.

    >>> rows = [{"scenario": "as it is", "failing": 42}, {"scenario": "one way", "failing": 17}]
    >>> kit.scenario_table(rows)
    Scenarios side by side
    """
    names = [name for name in FIGURE_WORDS if any(name in row for row in rows)]
    heads = [Head("Figure"), *(Head(row["scenario"], "number") for row in rows)]
    cells = [[_heading(name), *(_cell(row.get(name), rows[0].get(name)) for row in rows)] for name in names]
    said = [*notes, *(["The second line of a cell is the difference from the first scenario."] if rows[1:] else [])]
    return show_table(Grid("Scenarios side by side", heads, cells, unit="figures", note=" ".join(said)))


def _cell(count: int | None, base: int | None) -> Any:
    if count is None or base is None or count == base:
        return count
    return Lines(f"{count:,}", f"{count - base:+,}".replace("-", "−"))


def _heading(name: str) -> str:
    """The words of a figure with a capital, names in them as they are."""
    return FIGURE_WORDS[name][0].upper() + FIGURE_WORDS[name][1:]


def scenario_bars(rows: Sequence[Row], *, notes: Sequence[str] = (), is_table_first: bool = False) -> Piece:
    """A group of bars per figure, one bar per scenario; the table behind is `scenario_table`, above it when asked for.

    `notes` are what the figures rest on and nobody checked.

    >>> rows = [{"scenario": "as it is", "failing": 42}, {"scenario": "one way", "failing": 17}]
    >>> kit.scenario_bars(rows)
    2 scenarios: 1 figure moves.
    """
    names = [name for name in FIGURE_WORDS if any(row.get(name) for row in rows)]
    moving = [name for name in names if len({row.get(name) for row in rows}) > 1]
    title = "What each scenario does"
    if not names:
        return Piece(render("empty", sentence=f"{title}: nothing at all."), title)
    verb = "figure moves" if len(moving) == 1 else "figures move"
    plural = "scenario" if len(rows) == 1 else "scenarios"
    sentence = " ".join([f"{len(rows):,} {plural}: {len(moving) or 'no'} {verb}.", *notes])
    svg = _draw_groups(title, names, rows)
    table = scenario_table(rows, notes=notes)
    return Chart(title, sentence, svg, table, is_table_first=is_table_first).as_piece()


def _draw_groups(title: str, names: Sequence[str], rows: Sequence[Row]) -> Markup:
    group = _HEAD + _BAR * len(rows) + 8
    figure, axes = open_canvas(_WIDTH, group * len(names))
    for number, name in enumerate(names):
        write(axes, 0, group * number + 16, _heading(name), fontsize=13, fontweight="bold")
        most = max(row.get(name) or 0 for row in rows)
        for line, row in enumerate(rows):
            y = group * number + _HEAD + _BAR * line
            _draw_bar(axes, row["scenario"], row.get(name), most, y, _BASE if line == 0 else _OTHER)
    said = [f"{FIGURE_WORDS[name]}: {_say_scenarios(rows, name)}" for name in names]
    description = "; ".join(said)
    return save_svg(figure, id_=make_id("scenarios", description), title=title, description=f"{description}.")


def _say_scenarios(rows: Sequence[Row], name: str) -> str:
    return ", ".join(f"{row['scenario']} {_number(row.get(name))}" for row in rows)


def _number(count: int | None) -> str:
    return "not known" if count is None else f"{count:,}"


def _draw_bar(axes: Axes, label: str, count: int | None, most: int, y: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    short = label if len(label) <= _LABEL else f"{label[: _LABEL - 2]} …"
    write(axes, _LEFT - 12, y + 8, short, ha="right", color=INK)
    width = max(_LONGEST * count / most, 1.0) if count else 0.0
    if count:
        axes.add_patch(Rectangle((_LEFT, y), width, _BAR - 5, facecolor=colour, linewidth=0))
    write(axes, _LEFT + width + 8, y + 8, _number(count), color=MUTED)


_MARKETING: Final[Mapping[str, str]] = {
    "created": "Created in HubSpot",
    "made_marketing": "Marketing at once",
    "enrolled": "Enrolled by the criterion",
    "today": "Marketing today",
    "afterwards": "Marketing afterwards",
    "tier": "Tier",
    "at_most": "If all created were marketing",
}
_HOLDS: Final[Mapping[str, Badge]] = {"yes": Badge("holds", "good", 1), "no": Badge("crossed", "bad", 2)}


def _held(word: str | None) -> Badge:
    return Badge("not checked", "grey") if word is None else _HOLDS[word]


def marketing_scenarios(rows: Sequence[Row]) -> Piece:
    """Marketing contacts and the tier in each scenario; what nobody said is a dash, and then the tier is not checked.

    `rows` are those of `Scenarios.marketing_rows`.

    >>> row = {"scenario": "as it is", "created": 5, "made_marketing": 0, "enrolled": 0, "today": None}
    >>> unknown = {"afterwards": None, "holds": None, "at_most": None, "holds_at_most": None}
    >>> kit.marketing_scenarios([{**row, **unknown, "tier": 1000}])
    Marketing contacts and the tier in each scenario
    """
    heads = [Head("Scenario"), *(Head(word, "number") for word in _MARKETING.values())]
    heads += [Head("The tier"), Head("The tier at most")]
    cells = [
        [
            row["scenario"],
            *(row[name] for name in _MARKETING),
            *(_held(row[name]) for name in ("holds", "holds_at_most")),
        ]
        for row in rows
    ]
    return show_table(Grid("Marketing contacts and the tier in each scenario", heads, cells, unit="scenarios"))
