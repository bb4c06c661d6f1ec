"""Contacts by where they originate: how many of a system's own contacts reach the other one, step by step.

Facts
    * A step takes away whom the forecast excludes, shadows or expects to fail, in the order in which the sync asks.
    * It is about the first sync: a filter is an entrance, and who has come through keeps syncing.
    * People of Dynamics are its contacts and, where they sync, its leads.

Source: the summary of the forecast; the presales page that this kit began with, "Setting limits in the sync" (rule
`record.filter`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dynsync_lib.core.model import PERSONS, Outcome, Reason, System
from dynsync_lib.listing import counted
from dynsync_lib.report.forecast_tables import ForecastTables, Row, count_outcomes, is_unknown, sum_where
from dynsync_lib.report.pieces import Piece, join, render
from dynsync_lib.report.ranked import Ranked, ranked_chart
from dynsync_lib.report.words import MATCHED, OTHER, SYSTEM_COLOURS, system_word

_NO_KEY: Final = (Reason.NO_EMAIL, Reason.NO_MATCH_KEY)


def origin_funnels(forecast: ForecastTables) -> Piece:
    """One funnel of people for each system; a sentence where it has none.

    >>> kit.origin_funnels(kit.open_forecast("out/demo/forecast"))
    Of 1,200 people in HubSpot, 949 reach Dynamics: 261 created there and 688 matched. ...
    """
    return join(*(_funnel(forecast, system) for system in System))


def _funnel(forecast: ForecastTables, system: System) -> Piece:
    rows = [row for row in count_outcomes(forecast) if row["system"] == system and row["object"] in PERSONS]
    title = f"Contacts that originate in {system_word(system)}"
    total = sum_where(rows)
    if not total:
        return Piece(render("empty", sentence=_say_none(forecast, system)), title)
    steps = list(_steps(rows, total, system_word(OTHER[system])))
    created, matched = sum_where(rows, outcome=Outcome.CREATE), sum_where(rows, outcome=MATCHED)
    reach = counted(created + matched, "reaches", "reach")
    sentence = (
        f"Of {counted(total, 'person', 'people')} in {system_word(system)}, {reach} {system_word(OTHER[system])}: "
        f"{created:,} created there and {matched:,} matched. {_say_filter(forecast, system)}"
    )
    return ranked_chart(title, sentence, steps, ("Step", "People"), SYSTEM_COLOURS[system])


def _say_none(forecast: ForecastTables, system: System) -> str:
    if is_unknown(forecast, system, PERSONS):
        return f"How many contacts originate in {system_word(system)} is not known: they were not delivered."
    return f"Contacts that originate in {system_word(system)}: there are none."


def _steps(rows: Sequence[Row], total: int, other: str) -> Iterator[Ranked]:
    excluded, keyless = sum_where(rows, outcome=Outcome.EXCLUDED), sum_where(rows, reason=_NO_KEY)
    yield Ranked("all of them", total)
    left = total - (excluded - keyless)
    yield Ranked("pass direction, filter and stage", left)
    left -= keyless
    yield Ranked("have an e-mail address to be matched by", left)
    left -= sum_where(rows, outcome=Outcome.SHADOWED)
    yield Ranked("share it with no earlier one", left)
    left -= sum_where(rows, outcome=Outcome.FAILING)
    yield Ranked(f"are accepted by {other}", left)
    yield Ranked(f"of these created in {other}", sum_where(rows, outcome=Outcome.CREATE))


def _say_filter(forecast: ForecastTables, system: System) -> str:
    objects: Mapping[str, Mapping[str, Any]] = forecast.info.get("objects") or {}
    filters = [objects.get(name, {}).get(f"filter_to_{OTHER[system]}") for name in PERSONS]
    known = " and ".join(dict.fromkeys(filter_ for filter_ in filters if filter_))
    return f"The filter into {system_word(OTHER[system])}: {known}." if known else "No filter holds anybody back."
