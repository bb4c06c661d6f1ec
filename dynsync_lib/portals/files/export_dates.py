"""When files were exported, by their names: HubSpot writes the day, Dynamics day and time in its user's own form.

Facts
    * HubSpot: `hubspot-crm-exports-all-contacts-2026-04-20`, perhaps with a part's number behind it. A day in this form
      is understood in every name. A name without a time means the end of that day, so that its last records are in it.
    * Dynamics: `Active Contacts 11-23-2026 9-00-00 AM`, `Aktive Kontakte 23.11.2026 09-00-00`,
      `Active Accounts 26-Feb-26 1-28-48 PM`. Where day and month can be told in two ways, other names of the folder
      decide, then AM and PM (month first), else the day comes first; that is a guess, and is said.
    * Names tell local time; the load's time zone says which.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from typing import Final, Literal

from dynsync_lib.portals.files.file_names import DAY_AND_TIME, without_copy_mark

_DAY: Final = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_MONTHS: Final = {
    word: number
    for number, words in enumerate(
        ("jan", "feb", "mar mär mrz", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez"), 1
    )
    for word in words.split()
}
_END_OF_DAY: Final = time(23, 59, 59)
_CENTURY: Final = 2000


@dataclass(frozen=True, slots=True)
class NamedDay:
    """What a name says: the day with the month read first, and with the day read first; None for what is no day.

    `clock` is the time, None without one; `has_half` says whether AM or PM is written.
    """

    month_first: date | None
    day_first: date | None
    clock: time | None = None
    has_half: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether the name can be read in one way only."""
        return None in (self.month_first, self.day_first) or self.month_first == self.day_first


@dataclass(frozen=True, slots=True)
class ExportMoment:
    """When a file was exported, in UTC; `text` is the moment as its name says it, `is_guessed` whether day and month
    could be the other way round.
    """

    moment: datetime
    text: str
    is_guessed: bool


def read_day(stem: str) -> NamedDay | None:
    """The day in a file's name without its ending; None when there is none."""
    base = without_copy_mark(stem)
    timed = DAY_AND_TIME.search(base)
    if timed is not None:
        return _of_dynamics(timed)
    for match in reversed(list(_DAY.finditer(base))):
        day = _date(*map(int, match.groups()))
        if day is not None:
            return NamedDay(day, day)
    return None


def is_month_first(days: Iterable[NamedDay]) -> bool | None:
    """Whether names of one folder write the month first, by days after the twelfth; None if none or both tell."""
    tells = {day.day_first is None for day in days if None in (day.month_first, day.day_first)}
    return tells.pop() if len(tells) == 1 else None


def moment_of(day: NamedDay, zone: tzinfo, *, month_first: bool | None) -> ExportMoment:
    """The moment of a name; `month_first` is how the folder writes days, None when nothing tells."""
    first = day.has_half if month_first is None else month_first
    preferred = (day.month_first, day.day_first) if first else (day.day_first, day.month_first)
    chosen = next(reading for reading in preferred if reading is not None)
    local = datetime.combine(chosen, day.clock or _END_OF_DAY, tzinfo=zone)
    text = chosen.isoformat() if day.clock is None else f"{chosen.isoformat()} {day.clock:%H:%M:%S}"
    return ExportMoment(local.astimezone(UTC), text, not day.is_sure and month_first is None)


def _of_dynamics(match: re.Match[str]) -> NamedDay | None:
    clock = _clock(match)
    first, second, third = match["first"], match["second"], match["third"]
    if len(first) == 4:
        month_first = day_first = _date(*_numbers(first, second, third))
    else:
        day_first = _date(*_numbers(third, second, first))
        is_fixed = not second.isdecimal() or match["between"] == "."
        month_first = day_first if is_fixed else _date(*_numbers(third, first, second))
    if clock is None or (month_first is None and day_first is None):
        return None
    return NamedDay(month_first, day_first, clock, match["half"] is not None)


def _numbers(year: str, month: str, day: str) -> tuple[int, int, int]:
    """Year, month and day as numbers; 0 for what is none."""
    whole = int(year) + (_CENTURY if len(year) == 2 else 0)
    number = int(month) if month.isdecimal() else _MONTHS.get(month[:3].casefold(), 0)
    return whole, number, int(day) if day.isdecimal() else 0


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if _CENTURY <= year < _CENTURY + 100 else None
    except ValueError:
        return None


def _clock(match: re.Match[str]) -> time | None:
    hour, half = int(match["hour"]), (match["half"] or "").upper()
    if half:
        hour = hour % 12 + (12 if half == "P" else 0)
    try:
        return time(hour, int(match["minute"]), int(match["second_of"] or 0))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class TakenAt:
    """Of when loaded files are: from the earliest to the latest moment, who says so, and sentences for people."""

    earliest: datetime
    latest: datetime
    known_by: Literal["option", "names", "loading"]
    sentences: tuple[str, ...]


@dataclass(slots=True)
class ExportDates:
    """When each file was exported that was read, by its name in the report; None where its name does not say."""

    moments: dict[str, ExportMoment | None] = field(default_factory=dict)

    def add(self, stems: Mapping[str, str], zone: tzinfo) -> None:
        """Adds the files of one folder: their names without ending, by their names in the report."""
        days = {name: read_day(stem) for name, stem in stems.items()}
        month_first = is_month_first(day for day in days.values() if day is not None)
        for name, day in days.items():
            self.moments[name] = None if day is None else moment_of(day, zone, month_first=month_first)

    def text_of(self, name: str) -> str | None:
        """When a file was exported, as its name says it."""
        moment = self.moments.get(name)
        return moment.text if moment is not None else None

    def decide(self, taken_at: datetime | None, loaded_at: datetime) -> TakenAt:
        """Of when the files are: `taken_at` if somebody said so, else by their names, else nobody knows."""
        known = sorted(moment.moment for moment in self.moments.values() if moment is not None)
        if taken_at is not None:
            return TakenAt(taken_at, taken_at, "option", (*self._other_days(taken_at), *self._guesses()))
        if known:
            return TakenAt(known[0], known[-1], "names", (*self._by_names(known), *self._guesses()))
        return TakenAt(loaded_at, loaded_at, "loading", (_unknown(loaded_at),))

    def _by_names(self, known: Sequence[datetime]) -> Iterator[str]:
        yield f"The data is of {_minute(known[-1])} by the names of the files; filters count days from then."
        if known[0].date() != known[-1].date():
            names: dict[str, list[str]] = {}
            for name, moment in self.moments.items():
                if moment is not None:
                    names.setdefault(moment.text[:10], []).append(name)
            days = [f"of {day} {', '.join(of_day)}" for day, of_day in sorted(names.items())]
            yield f"The files are of different days: {'; '.join(days)}. What changed in between shows as a difference."
        unknown = [name for name, moment in self.moments.items() if moment is None]
        if unknown:
            yield f"No date is in the name of {', '.join(unknown)}: nobody knows whether it is of the same time."

    def _other_days(self, taken_at: datetime) -> Iterator[str]:
        """What the names say where it is another day than somebody said."""
        days = [
            f"{name} says {moment.text[:10]}"
            for name, moment in self.moments.items()
            if moment is not None and abs((moment.moment.date() - taken_at.date()).days) > 1
        ]
        if days:
            yield f"The data is taken to be of {_minute(taken_at)}, though by its name {', '.join(days)}."

    def _guesses(self) -> Iterator[str]:
        for name, moment in self.moments.items():
            if moment is not None and moment.is_guessed:
                yield f"The day in the name of {name} can be read in two ways: read as {moment.text[:10]}."


def _unknown(loaded_at: datetime) -> str:
    return (
        "When these files were exported is not known: no name says it. Filters such as `within last 30 days` count "
        f"from the day of loading, {loaded_at.date().isoformat()}. Say it: --taken-at 2026-11-23T09:00:00."
    )


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
