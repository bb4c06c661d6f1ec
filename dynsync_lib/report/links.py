"""What becomes of associations: how many of each kind are kept, and why the others are lost.

Source: the table `links` of the forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynsync_lib.core.model import LinkStatus
from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import ForecastTables, Row, sum_counts
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.stacks import Legend, Stack, draw_both
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import LINK_FATES, object_rank, object_word, records_word, system_word

_NOTHING: Final = "The data holds no associations."
_Kind = tuple[str, str, str]
"""System, object at which an association begins, and object to which it points."""
_LEGEND: Final = Legend(
    {
        "kept": "Kept",
        "made": "Made, by HubSpot",
        "by_hand": "To be made, by hand",
        "not_primary": "Lost, not primary",
        "stays_out": "Lost, a record stays out",
        "parent": "Lost, parent is a contact",
        "other": "Not known",
    },
    {
        "kept": "#0072b2",
        "made": "#56b4e9",
        "by_hand": "#a6dbcb",
        "not_primary": "#e69f00",
        "stays_out": "#b8c0c8",
        "parent": "#b3440c",
        "other": "#8a929c",
    },
)
_PART_OF: Final[Mapping[str, str]] = {
    LinkStatus.SYNCED: "kept",
    LinkStatus.AUTO_CREATED: "made",
    LinkStatus.MANUAL: "by_hand",
    LinkStatus.DROPPED_NON_PRIMARY: "not_primary",
    LinkStatus.TARGET_NOT_SYNCED: "stays_out",
    LinkStatus.PARENT_IS_CONTACT: "parent",
}


def link_survival(forecast: ForecastTables) -> Piece:
    """Associations of each kind by what becomes of them, on one scale; a sentence when there are none.

    >>> kit.link_survival(kit.open_forecast("out/demo/forecast"))
    1,698 of 2,327 associations are kept.
    """
    links = _count_links(forecast)
    title = "Which associations survive"
    if not links:
        return Piece(render("empty", sentence=_NOTHING), title)
    stacks = [_stack(kind, [row for row in links if _kind_of(row) == kind]) for kind in _kinds(links)]
    description = "; ".join(_say_stack(stack) for stack in stacks)
    occurring = {part for stack in stacks for part, count in stack.counts if count}
    legend = Legend({part: word for part, word in _LEGEND.words.items() if part in occurring}, _LEGEND.colours)
    most = max(stack.total for stack in stacks)
    wide, narrow = draw_both(stacks, legend, title, description, full=most)
    return Chart(title, f"{_say_kept(links)}.", wide, _show(links), narrow=narrow).as_piece()


def links_table(forecast: ForecastTables) -> Piece:
    """What becomes of associations: one row per kind, one column per fate that occurs.

    >>> kit.links_table(kit.open_forecast("out/demo/forecast"))
    1,698 of 2,327 associations are kept
    """
    return _show(_count_links(forecast))


def _count_links(forecast: ForecastTables) -> Sequence[Row]:
    return forecast.counts("links", ["from_system", "from_object", "to_object", "status", "rule_id"])


def _kinds(links: Sequence[Row]) -> list[_Kind]:
    kinds = {_kind_of(row) for row in links}
    return sorted(kinds, key=lambda kind: (kind[0], object_rank(kind[1]), object_rank(kind[2])))


def _kind_of(row: Row) -> _Kind:
    return row["from_system"], row["from_object"], row["to_object"]


def _say_kept(links: Sequence[Row]) -> str:
    kept = sum_counts(row for row in links if row["status"] == LinkStatus.SYNCED)
    return f"{kept:,} of {counted(sum_counts(links), 'association', 'associations')} are kept"


def _stack(kind: _Kind, links: Sequence[Row]) -> Stack:
    system, start, end = kind
    parts = tuple(
        (part, sum_counts(row for row in links if _PART_OF.get(row["status"], "other") == part))
        for part in _LEGEND.words
    )
    name = f"{object_word(start, system).capitalize()} to {object_word(end, system)}"
    return Stack(name, f"{sum_counts(links):,} in {system_word(system)}", parts)


def _say_stack(stack: Stack) -> str:
    parts = ", ".join(f"{count:,} {_LEGEND.words[part].lower()}" for part, count in stack.counts if count)
    return f"{stack.name}, {stack.below}: {parts}"


def _show(links: Sequence[Row]) -> Piece:
    fates = [fate for fate in LINK_FATES if any(_fate(row) == fate for row in links)]
    rows = [_link_row(kind, [row for row in links if _kind_of(row) == kind], fates) for kind in _kinds(links)]
    heads = [Head("Association"), Head("Total", "number"), *(Head(LINK_FATES[fate][0], "number") for fate in fates)]
    causes = ". ".join(": ".join(LINK_FATES[fate]) for fate in fates if LINK_FATES[fate][1])
    note = f"Lost, by cause. {causes}." if causes else ""
    return show_table(Grid(_say_kept(links), heads, rows, unit="kinds", note=note, empty=_NOTHING))


def _fate(row: Row) -> str:
    """The key of an association's word in `LINK_FATES`."""
    return str(row["rule_id"] if row["rule_id"] in LINK_FATES else row["status"])


def _link_row(kind: _Kind, links: Sequence[Row], fates: Sequence[str]) -> list[Any]:
    system, start, end = kind
    counts = [sum_counts(row for row in links if _fate(row) == fate) for fate in fates]
    name = f"{records_word(start, system)} to {object_word(end, system)}"
    return [name, sum_counts(links), *counts]
