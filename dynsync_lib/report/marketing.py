"""Marketing contacts: what the first sync adds to them, and whether the tier that is paid for still suffices.

Facts
    * How many are added is what the findings of the checks G39 and G40 count; today's number and the tier are the
      user's.
    * A tier that is crossed is upgraded by HubSpot without asking, and stays until the contract is renewed (rule
      `marketing.creates-count`).

Not modelled
    * Prices: they are the contract's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dynsync_lib.core.model import Severity
from dynsync_lib.listing import counted
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.figures import count_numbers
from dynsync_lib.report.forecast_tables import ForecastTables
from dynsync_lib.report.pieces import Piece, make_id, render
from dynsync_lib.report.svg import INK, MUTED, open_canvas, save_svg, write
from dynsync_lib.report.tables import Grid, Head, show_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ADDED_CHECK: Final = "G39"
_BY_SYNC, _BY_WORKFLOW = "marketing.creates-count", "marketing.enrolment"
_WIDE, _NARROW = 860.0, 350.0
_TODAY, _NEW, _BEYOND = "#56b4e9", "#0072b2", "#b3440c"
_BAR: Final = (34.0, 30.0)
"""Top and height of the bar, in pixels."""


@dataclass(frozen=True, slots=True)
class MarketingContacts:
    """Contacts in HubSpot, counted. `today` and `tier` are None when the settings do not say.

    `people` are all that the sync creates, `added` those that become marketing contacts by the sync or by the workflow
    that the settings name. `is_workflow_known` is false when nobody knows whom a workflow would enrol;
    `is_switch_known` when nobody said whether those created become marketing contacts: `added` then has none of them.
    """

    people: int
    added: int
    today: int | None
    tier: int | None
    is_workflow_known: bool = True
    is_switch_known: bool = True

    @property
    def after(self) -> int | None:
        """Marketing contacts afterwards; None without today's number."""
        return None if self.today is None else self.today + self.added

    @property
    def beyond(self) -> int:
        """How many afterwards are more than the tier; 0 when none, or when nobody knows."""
        return 0 if self.after is None or self.tier is None else max(0, self.after - self.tier)

    def __str__(self) -> str:
        if self.today is None or self.tier is None:
            return (
                f"Whether the tier still suffices is not known: nobody has entered today’s marketing contacts and the "
                f"tier. {self._say_added()}"
            )
        return f"{self._say_added()} {self._say_tier(self.today, self.tier)}"

    def _say_added(self) -> str:
        unknown = "" if self.is_workflow_known else " Whom a workflow adds is not known."
        if not self.is_switch_known:
            return f"{self._say_switch()}{unknown}"
        if not self.added:
            people = "The one person" if self.people == 1 else f"None of the {self.people:,} people"
            becomes = "does not become" if self.people == 1 else "becomes"
            return f"{people} created in HubSpot {becomes} a marketing contact.{unknown}"
        added = counted(self.added, "person becomes a marketing contact", "people become marketing contacts")
        return f"{added}.{unknown}"

    def _say_switch(self) -> str:
        if self.people == 1:
            who = "Whether the one person created in HubSpot becomes a marketing contact"
        else:
            who = f"Whether the {self.people:,} people created in HubSpot become marketing contacts"
        enrolled = f" By a workflow, {self.added:,} people become marketing contacts." if self.added else ""
        return f"{who} is not known: the settings do not say it.{enrolled}"

    def _say_tier(self, today: int, tier: int) -> str:
        if self.beyond:
            return f"{today + self.added:,} are {self.beyond:,} more than the {tier:,} that are paid for."
        stays = f"{today + self.added:,} of the {tier:,} that are paid for are used."
        all_of_them = today + self.people
        if self.added < self.people and all_of_them > tier:
            return f"{stays} Were all of them, it would be {all_of_them:,}: {all_of_them - tier:,} too many."
        return stays


def read_marketing(forecast: ForecastTables) -> MarketingContacts:
    """The marketing contacts that a forecast foresees."""
    entered = forecast.info.get("marketing") or {}
    added = forecast.rows("findings", where={"check_id": _ADDED_CHECK})
    not_checked = [row for row in added if row["severity"] == Severity.NOT_CHECKED]
    return MarketingContacts(
        people=count_numbers(forecast)["people_created_in_hubspot"],
        added=sum(row["count"] or 0 for row in added),
        today=entered.get("contacts"),
        tier=entered.get("tier"),
        is_workflow_known=not any(row["rule_id"] == _BY_WORKFLOW for row in not_checked),
        is_switch_known=not any(row["rule_id"] == _BY_SYNC for row in not_checked),
    )


def marketing_gauge(forecast: ForecastTables) -> Piece:
    """Today's marketing contacts and the added ones against the tier, drawn to scale; a sentence when it is not known.

    >>> kit.marketing_gauge(kit.open_forecast("out/demo/forecast"))
    None of the 743 people created in HubSpot becomes a marketing contact. 884 of the 1,000 that are paid ...
    """
    contacts = read_marketing(forecast)
    if contacts.today is None or contacts.tier is None or not contacts.is_switch_known:
        return Piece(render("sentences", sentences=[str(contacts)], is_known=False), str(contacts))
    rows = [
        ["Today", contacts.today],
        ["Added by the first sync", contacts.added],
        ["Afterwards", contacts.today + contacts.added],
        ["Paid for", contacts.tier],
        ["If all people created were marketing contacts", contacts.today + contacts.people],
    ]
    table = show_table(Grid("Marketing contacts", [Head("Marketing contacts"), Head("Count", "number")], rows))
    title = "Marketing contacts and the tier"
    wide, narrow = (_draw(contacts, contacts.today, contacts.tier, width, title) for width in (_WIDE, _NARROW))
    return Chart(title, str(contacts), wide, table, narrow=narrow).as_piece()


def _draw(contacts: MarketingContacts, today: int, tier: int, width: float, title: str) -> Markup:
    figure, axes = open_canvas(width, 96)
    scale = (width - 8) / max(today + contacts.people, tier, 1)
    within = min(contacts.added, max(0, tier - today))
    x = 0.0
    for count, colour in ((today, _TODAY), (within, _NEW), (contacts.added - within, _BEYOND)):
        x = _draw_part(axes, x, count * scale, colour)
    _draw_mark(axes, tier * scale, width, f"paid for: {tier:,}", top=True)
    _draw_mark(axes, (today + contacts.added) * scale, width, f"afterwards: {today + contacts.added:,}", top=False)
    return save_svg(figure, id_=make_id("gauge", f"{contacts}{width}"), title=title, description=str(contacts))


def _draw_part(axes: Axes, x: float, width: float, colour: str) -> float:
    """Draws a part of the bar and gives back where it ends."""
    from matplotlib.patches import Rectangle

    if width:
        axes.add_patch(Rectangle((x, _BAR[0]), width, _BAR[1], facecolor=colour, linewidth=0))
    return x + width


def _draw_mark(axes: Axes, x: float, width: float, text: str, *, top: bool) -> None:
    end = _BAR[0] - 8 if top else _BAR[0] + _BAR[1] + 8
    axes.plot([x, x], [end, _BAR[0] + _BAR[1] if top else _BAR[0]], color=INK, linewidth=2)
    align = "right" if x > width / 2 else "left"
    write(
        axes,
        x - 5 if align == "right" else x + 5,
        end - 6 if top else end + 8,
        text,
        ha=align,
        color=INK if top else MUTED,
    )
