"""The ladder chart: the steps of one record's chain, one rung each, from the top down to what it hangs on.

Facts
    * A rung shows at most three lines; the table behind the drawing has every step in full, with rule and source.
    * Of many fields or associations the drawing shows the first few and counts the rest.

Source: the chains of `core.explain.chain`.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from markupsafe import Markup

from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.pieces import Piece, join, make_id, render
from dynsync_lib.report.svg import INK, MUTED, open_canvas, save_svg, write
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import OUTCOME_COLOURS, OUTCOMES, REASONS, as_clause, system_word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH: Final = 860.0
_RAIL: Final = 118.0
_TEXT: Final = 140.0
_TOP: Final = 26.0
_LINE: Final = 17.0
_GAP: Final = 14.0
_KNOB: Final = 5.5
_CHARACTERS: Final = 102
_MOST_LINES: Final = 3
_MOST_ALIKE: Final = 4
_ABOUTS: Final = {
    "scope": "Scope",
    "filter": "Filter",
    "route": "Route",
    "key": "Key",
    "rivals": "Rivals",
    "outcome": "Outcome",
    "field": "Field",
    "not seen": "Not seen",
    "link": "Association",
    "assumption": "Open question",
}
_PLURALS: Final = {"field": "fields", "link": "associations", "assumption": "open questions"}


class ShownStep(Protocol):
    """A step as `core.explain.chain` makes it."""

    @property
    def about(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def rule_id(self) -> str | None: ...
    @property
    def source(self) -> str | None: ...
    @property
    def confidence(self) -> str | None: ...


class ShownChain(Protocol):
    """A chain as `core.explain.chain` makes it."""

    @property
    def system(self) -> str: ...
    @property
    def object(self) -> str: ...
    @property
    def record_id(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def steps(self) -> Sequence[ShownStep]: ...


def ladders(chains: Iterable[ShownChain]) -> Piece:
    """One ladder per chain; a sentence when there is none."""
    pieces = [ladder_chart(chain) for chain in chains]
    sentence = "No record has that id, address or name."
    return join(*pieces) if pieces else Piece(render("empty", sentence=sentence), sentence)


def ladder_chart(chain: ShownChain) -> Piece:
    """The chain as a drawing with title, description and the table of all steps behind it."""
    title = f"Why {system_word(chain.system)} {chain.object} {chain.record_id} ends as it does"
    outcome, _, reason = chain.outcome.partition("/")
    word = OUTCOMES.get(outcome, outcome)
    ending = f"{word}: {as_clause(REASONS.get(reason, reason))}" if reason else word
    sentence = f"{ending}. {counted(len(chain.steps), 'step', 'steps')}, from the settings down to the open questions."
    drawing = _draw(chain, outcome, title, sentence)
    return Chart(title, sentence, drawing, _table(chain, title), behind="Every step with its source").as_piece()


def _table(chain: ShownChain, title: str) -> Piece:
    heads = [Head("Step"), Head("What happens"), Head("Rule", "code"), Head("Sources"), Head("Confidence")]
    rows = [
        [_ABOUTS.get(step.about, step.about), step.says, step.rule_id, step.source, step.confidence]
        for step in chain.steps
    ]
    return show_table(Grid(f"{title}: every step", heads, rows, unit="steps"))


def shown_rungs(steps: Iterable[ShownStep]) -> Iterator[tuple[str, list[str], str]]:
    """Word, lines and rule of every rung: long texts are cut, and of many steps alike the rest is counted."""
    for about, alike in itertools.groupby(steps, key=lambda step: step.about):
        rows = list(alike)
        for step in rows[:_MOST_ALIKE]:
            yield _ABOUTS.get(about, about), _lines(step.says), step.rule_id or ""
        if len(rows) > _MOST_ALIKE:
            rest = f"and {len(rows) - _MOST_ALIKE:,} more {_PLURALS.get(about, 'steps')}, in the table below"
            yield "", [rest], ""


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, _CHARACTERS, max_lines=_MOST_LINES, placeholder=" …")


def _draw(chain: ShownChain, outcome: str, title: str, sentence: str) -> Markup:
    rungs = list(shown_rungs(chain.steps))
    heights = [_LINE * (len(lines) + bool(rule)) + _GAP for _, lines, rule in rungs]
    figure, axes = open_canvas(_WIDTH, _TOP + sum(heights))
    tops = [_TOP + sum(heights[:count]) for count in range(len(rungs))]
    if rungs:
        axes.plot([_RAIL, _RAIL], [tops[0], tops[-1]], color=MUTED, linewidth=1.5, zorder=1)
    for top, (word, lines, rule) in zip(tops, rungs, strict=True):
        colour = OUTCOME_COLOURS[outcome] if word == _ABOUTS["outcome"] else INK
        _draw_rung(axes, top, colour, word=word, lines=lines, rule=rule)
    content = f"{title}{sentence}{rungs}"
    return save_svg(figure, id_=make_id("ladder", content), title=title, description=sentence)


def _draw_rung(axes: Axes, top: float, colour: str, *, word: str, lines: Sequence[str], rule: str) -> None:
    from matplotlib.patches import Circle

    axes.add_patch(Circle((_RAIL, top), _KNOB, facecolor=colour, edgecolor=INK, linewidth=1, zorder=2))
    write(axes, _RAIL - 16, top, word, ha="right", fontweight="bold")
    for number, line in enumerate(lines):
        write(axes, _TEXT, top + number * _LINE, line)
    if rule:
        write(axes, _TEXT, top + len(lines) * _LINE, rule, fontsize=10, color=MUTED)
