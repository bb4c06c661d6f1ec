"""The work plan: what to do before, on and after the day, by whom, for how long, and when it is done.

Facts
    * Hours are estimates of the kit: so many minutes for each thing that a finding counts, or hours for a whole task.

Source: `report/work_plan.toml`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from dynsync_lib.report.forecast_tables import ForecastTables, Row
from dynsync_lib.report.pieces import Piece
from dynsync_lib.report.shipped_texts import read_shipped
from dynsync_lib.report.tables import Grid, Head, Lines, show_table

When = Literal["before", "day", "after"]
_WHEN: Final[Mapping[When, str]] = {"before": "Before", "day": "On the day", "after": "Afterwards"}
_ANY, _NO_OBJECT = "", "none"


@dataclass(frozen=True, slots=True)
class Task:
    """One entry of `work_plan.toml`: `object` is one kind of record, "none" for findings without one, empty for any."""

    task: str
    checks: tuple[str, ...]
    who: str
    when: When
    done: str
    minutes: float = 0
    hours: float = 0
    object: str = _ANY

    def findings(self, findings: Sequence[Row]) -> list[Row]:
        """The findings that ask for the task: counted ones, and those that could not be checked."""
        return [
            row
            for row in findings
            if row["check_id"] in self.checks
            and self.object in {_ANY, row["object"] or _NO_OBJECT}
            and (row["count"] or row["count"] is None)
        ]


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task that the forecast asks for, the findings' sentences, and its hours to the next half."""

    task: Task
    because: tuple[str, ...]
    hours: float


@cache
def read_tasks() -> tuple[Task, ...]:
    """The shipped tasks, in the order of work."""
    entries = read_shipped("work_plan.toml")["task"]
    return tuple(Task(**{**entry, "checks": tuple(entry["checks"])}) for entry in entries)


def plan_work(forecast: ForecastTables) -> list[PlannedTask]:
    """The tasks that the findings of a forecast ask for, and those that every first sync needs, in order of work."""
    findings = forecast.rows("findings")
    planned = []
    for task in read_tasks():
        asking = task.findings(findings)
        if asking or not task.checks:
            count = sum(row["count"] or 0 for row in asking)
            hours = math.ceil((task.hours + task.minutes * count / 60) * 2) / 2
            planned.append(PlannedTask(task, tuple(row["sentence"] for row in asking), hours))
    return sorted(planned, key=lambda planned_task: list(_WHEN).index(planned_task.task.when))


def work_plan(forecast: ForecastTables) -> Piece:
    """The work that the forecast asks for: task, reason, who, hours, and how to see that it is done.

    >>> kit.work_plan(kit.open_forecast("out/demo/forecast"))
    About ... hours of work: ... before, 3 on the day, ... afterwards
    """
    planned = plan_work(forecast)
    rows = [
        [
            number,
            _WHEN[item.task.when],
            Lines(item.task.task, " ".join(item.because)),
            item.task.who,
            item.hours,
            item.task.done,
        ]
        for number, item in enumerate(planned, start=1)
    ]
    heads = [
        Head("No.", "number"),
        Head("When"),
        Head("Task, and what asks for it"),
        Head("Who"),
        Head("Hours", "number"),
        Head("Done when"),
    ]
    note = "Hours are estimates: so many minutes for each record, or so many hours for a task."
    return show_table(Grid(_say_hours(planned), heads, rows, unit="tasks", note=note, classes=("ds-whole",)))


def _say_hours(planned: Sequence[PlannedTask]) -> str:
    sums = {when: sum(item.hours for item in planned if item.task.when == when) for when in _WHEN}
    parts = ", ".join(f"{hours:,g} {_WHEN[when].lower()}" for when, hours in sums.items())
    total = sum(sums.values())
    return f"About {total:,g} {'hour' if total == 1 else 'hours'} of work: {parts}"
