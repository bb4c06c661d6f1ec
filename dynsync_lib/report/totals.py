"""How many records each system has today, and how many after the first sync.

Facts
    * What is created in a system comes from the other one: leads and contacts of Dynamics become contacts of HubSpot.
    * The first sync deletes nothing, so a number never falls.

Not modelled
    * Companies that HubSpot creates by itself for new contacts.

Source: the records of the snapshot (`forecast.json`), and the outcomes "create" of the forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.model import Object, Outcome, System
from dynsync_lib.core.tables import record_table
from dynsync_lib.report.charts import Chart
from dynsync_lib.report.forecast_tables import ForecastTables, count_outcomes, sum_where
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.stacks import Legend, Stack, draw_both
from dynsync_lib.report.tables import Grid, Head, show_table
from dynsync_lib.report.words import OBJECT_ORDER, OTHER, object_word, records_word, system_word

_LEGEND: Final = Legend(
    {"today": "Today", "created": "Created by the first sync"}, {"today": "#8a929c", "created": "#0072b2"}
)
_OWN_COMPANIES_CHECK: Final = "G18"
_OBJECTS: Final = tuple(Object(name) for name in OBJECT_ORDER)


@dataclass(frozen=True, slots=True)
class Total:
    """The records of one kind in one system; `today` is None when they were not delivered."""

    system: System
    object: Object
    today: int | None
    created: int

    @property
    def after(self) -> int | None:
        """How many there are after the first sync; None when today's number is not known."""
        return None if self.today is None else self.today + self.created


def read_totals(forecast: ForecastTables) -> list[Total]:
    """Kinds of records that sync, system by system; kinds of which there are none, before and after, are left out."""
    objects = [object_ for object_ in _OBJECTS if object_.value in (forecast.info.get("objects") or {})]
    totals = [_total(forecast, system, object_) for system in System for object_ in _kinds_of(system, objects)]
    return [total for total in totals if total.after != 0]


def _kinds_of(system: System, objects: Sequence[Object]) -> list[Object]:
    """One object for each table of the system: what is a lead in Dynamics is a contact in HubSpot."""
    tables = {record_table(object_, system).name: object_ for object_ in reversed(objects)}
    return [object_ for object_ in objects if object_ in tables.values()]


def _total(forecast: ForecastTables, system: System, object_: Object) -> Total:
    table = record_table(object_, system).name
    sources = [kind.value for kind in _OBJECTS if record_table(kind, system).name == table]
    created = sum_where(count_outcomes(forecast), system=OTHER[system], object=sources, outcome=Outcome.CREATE)
    is_known = table not in (forecast.info.get("not_provided") or ())
    today = (forecast.info.get("records") or {}).get(table)
    return Total(system, object_, today if is_known else None, created)


def totals_chart(forecast: ForecastTables) -> Piece:
    """Records today and after the first sync, for each kind in each system; a sentence when nothing syncs.

    >>> kit.totals_chart(kit.open_forecast("out/demo/forecast"))
    HubSpot: companies from 260 to 438, contacts from 1,200 to 1,943, ...
    """
    totals = read_totals(forecast)
    title = "How many records each system has, today and afterwards"
    known = [total for total in totals if total.today is not None]
    if not known:
        return Piece(render("empty", sentence=f"{title}: no kind of record is known to sync."), title)
    sentence = " ".join(_say_system(system, [total for total in totals if total.system is system]) for system in System)
    stacks = [
        Stack(
            object_word(total.object, total.system).capitalize(),
            f"in {system_word(total.system)}: {total.after:,}",
            (("today", total.today or 0), ("created", total.created)),
        )
        for total in known
    ]
    most = max(stack.total for stack in stacks)
    wide, narrow = draw_both(stacks, _LEGEND, title, sentence.removesuffix("."), full=most)
    return Chart(title, sentence, wide, _table(forecast, totals), narrow=narrow).as_piece()


def _say_system(system: System, totals: Sequence[Total]) -> str:
    known = [
        f"{object_word(total.object, system)} from {total.today:,} to {total.after:,}"
        for total in totals
        if total.today is not None and total.created
    ]
    unknown = [object_word(total.object, system) for total in totals if total.today is None]
    parts = [*known, *(f"how many {word} there are is not known" for word in unknown)]
    return f"{system_word(system)}: {', '.join(parts) or 'nothing is created'}."


def _table(forecast: ForecastTables, totals: Sequence[Total]) -> Piece:
    heads = [Head("Records"), Head("Today", "number"), Head("Created", "number"), Head("Afterwards", "number")]
    rows: list[list[Any]] = [
        [records_word(total.object, total.system), total.today, total.created, total.after] for total in totals
    ]
    open_points = forecast.rows("findings", where={"check_id": _OWN_COMPANIES_CHECK})
    note = "Companies that HubSpot creates by itself for new contacts are not in these numbers." if open_points else ""
    return show_table(Grid("Records today and afterwards", heads, rows, unit="kinds", note=note))
