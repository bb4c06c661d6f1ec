"""Cells converted to what the API would print: numbers, dates, yes and no, options.

Facts
    * Every cell under a label is converted; under an internal name those that have not the API's form already.
    * The kit's numbers have a decimal point and no thousands separators; its dates are YYYY-MM-DD, its times UTC with
      `Z`.
    * `1.234` and `01/02/2026` can be read in two ways. One is chosen for each file: by the values that can be read in
      one way only, else by the language of the headings or the delimiter. The choice is a guess, and is reported.
    * Times without a zone are read in the zone that the caller names; under internal names in UTC, as services write.
    * Whole numbers of 11 to 13 digits are milliseconds since 1970 where a date belongs: so older APIs print dates.
    * A cell that is not understood stays as it is and is counted: customers' data is never repaired.

Not modelled
    * Years of two digits, months in words, percentages; a file that mixes two forms is read by the commoner one.
    * Milliseconds of the days around the first of January 1970; seconds since 1970; the day numbers of spreadsheets.

Where it is used: `portals.files.file_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, Literal

from dynsync_lib.moments import utc_text
from dynsync_lib.portals.files.export_words import plain_word
from dynsync_lib.portals.files.record_ids import plain_number
from dynsync_lib.portals.files.stored_values import IsStored, ValueKind

Convert = Callable[[str], str | None]
"""Converts a cell; None when the cell is not understood."""

_SPACES: Final = re.compile(r"[\s\u00a0\u2007\u2009\u202f'’]+")
_CURRENCY: Final = r"(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|AUD|CAD|JPY|US\$|kr\.?|Fr\.?|[€$£¥])"
_MONEY: Final = re.compile(rf"\A{_CURRENCY}|{_CURRENCY}\Z")
_NUMBER: Final = re.compile(
    r"\d+(?:[.,]\d+)?|[.,]\d+|\d{1,3}(?:(?P<thousands>[.,])\d{3})+(?:(?!(?P=thousands))[.,]\d+)?"
)
_CANONICAL_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_ONE_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_API_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_MILLISECONDS: Final = re.compile(r"(?P<plain>-?\d{11,13})(?:\.0+)?|/Date\((?P<json>-?\d{1,14})(?:[+-]\d{4})?\)/")
_COMPACT_TIME: Final = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d")
"""202205281030 is a time without separators and a number of milliseconds: it is not understood."""
_DAY_MS: Final = 86_400_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = r"(?:[T,]?\s*(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?\s?[Mm]\.?)?(?:\s*Uhr)?\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?)?"  # noqa: E501
_YEAR_FIRST: Final = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + _TIME)
_YEAR_LAST: Final = re.compile(
    r"(?P<first>\d{1,2})(?P<between>[./-])(?P<second_part>\d{1,2})(?P=between)(?P<year>\d{4})" + _TIME
)


@dataclass(slots=True)
class Evidence:
    """How many numbers and dates of a file can be read in one way only, and how many in either.

    `without_zone` counts times without a zone; `is_typed` is True for a workbook, whose numbers were numbers.
    """

    decimal_comma: int = 0
    decimal_point: int = 0
    either_number: int = 0
    day_first: int = 0
    month_first: int = 0
    either_date: int = 0
    without_zone: int = 0
    is_typed: bool = False

    def look(self, kind: ValueKind, text: str, *, is_local: bool = True) -> None:
        """Counts one cell that is not empty. `is_local`: a time without a zone is one of the caller's."""
        if kind == "number" and not (self.is_typed and _CANONICAL_NUMBER.fullmatch(text)):
            self._look_at_number(_bare_number(text))
        elif kind in {"date", "datetime"}:
            plain = text.strip()
            self._look_at_date(_YEAR_LAST.fullmatch(plain))
            parts = _YEAR_LAST.fullmatch(plain) or _YEAR_FIRST.fullmatch(plain)
            is_timed = parts is not None and parts["hour"] is not None and parts["zone"] is None
            self.without_zone += is_local and kind == "datetime" and is_timed

    def _look_at_number(self, text: str | None) -> None:
        mark = _decimal_mark(text) if text is not None else None
        self.decimal_comma += mark == ","
        self.decimal_point += mark == "."
        self.either_number += mark == "?"

    def _look_at_date(self, parts: re.Match[str] | None) -> None:
        if parts is None or parts["between"] == ".":
            return
        first, second = int(parts["first"]), int(parts["second_part"])
        self.day_first += first > 12 >= second
        self.month_first += second > 12 >= first
        self.either_date += first <= 12 and second <= 12 and first != second


@dataclass(frozen=True, slots=True)
class Notation:
    """How a file writes numbers and dates.

    `decimal` is the decimal mark, `day_first` whether 01/02 is the first of February, `zone` that of times without one.
    `is_typed` is True for a workbook, whose numbers have the kit's form already. `guesses` are sentences, one for each
    thing that was guessed.
    """

    decimal: Literal[",", "."] = "."
    day_first: bool = True
    zone: tzinfo = UTC
    is_typed: bool = False
    guesses: tuple[str, ...] = ()


def decide_notation(evidence: Evidence, *, looks_german: bool, zone: tzinfo) -> Notation:
    """The notation of a file, by its values; where they do not decide, German or English (`looks_german`)."""
    decimal = _of_votes(evidence.decimal_comma, evidence.decimal_point, usual=looks_german)
    day_first = _of_votes(evidence.day_first, evidence.month_first, usual=looks_german)
    guesses = _guesses(evidence, decimal_comma=decimal, day_first=day_first)
    if evidence.without_zone:
        guesses.append(f"Times without a zone ({evidence.without_zone:,}): read as {zone}.")
    return Notation("," if decimal else ".", day_first, zone, evidence.is_typed, tuple(guesses))


def _of_votes(first: int, second: int, *, usual: bool) -> bool:
    return usual if first == second else first > second


def _guesses(evidence: Evidence, *, decimal_comma: bool, day_first: bool) -> list[str]:
    guesses = []
    order = "day, month, year" if day_first else "month, day, year"
    mark = "comma" if decimal_comma else "point"
    if evidence.either_date:
        sure = evidence.day_first if day_first else evidence.month_first
        guesses.append(f"Dates such as 01/02/2026 ({evidence.either_date:,}): read as {order}; {_why(sure)}.")
    if evidence.day_first and evidence.month_first:
        other = evidence.month_first if day_first else evidence.day_first
        guesses.append(f"Dates that can only be read the other way round ({other:,}): read so.")
    if evidence.either_number:
        sure = evidence.decimal_comma if decimal_comma else evidence.decimal_point
        guesses.append(f"Numbers such as 1.234 ({evidence.either_number:,}): read with a decimal {mark}; {_why(sure)}.")
    if evidence.decimal_comma and evidence.decimal_point:
        other = evidence.decimal_point if decimal_comma else evidence.decimal_comma
        guesses.append(f"Numbers that can only be read without a decimal {mark} ({other:,}): read so.")
    return guesses


def _why(sure: int) -> str:
    """Why a value with two meanings is read in one of them; `sure` values have that meaning only."""
    return f"of the file {sure:,} can mean nothing else" if sure else "nothing in the file tells"


def number_converter(notation: Notation) -> Convert:
    """Converts numbers: their digits stay as they are, thousands separators and currencies are removed."""

    def convert(text: str) -> str | None:
        is_plain = _CANONICAL_NUMBER.fullmatch(text) is not None
        if is_plain and (notation.is_typed or notation.decimal == "." or _decimal_mark(text) != "?"):
            return text
        plain = _bare_number(text)
        if plain is None:
            return None
        mark = _decimal_mark(plain)
        decimal = notation.decimal if mark == "?" else mark
        if decimal is None:
            return plain.replace(",", "").replace(".", "")
        other = "." if decimal == "," else ","
        return plain.replace(other, "").replace(decimal, ".")

    return convert


def moment_converter(notation: Notation, *, is_date: bool) -> Convert:
    """Converts dates (`is_date`) to YYYY-MM-DD, and times to UTC with `Z`, or YYYY-MM-DD where they are only dates."""

    def convert(text: str) -> str | None:
        plain = text.strip()
        if _API_MOMENT.fullmatch(plain):
            return plain[:10] if is_date else plain
        counted = _MILLISECONDS.fullmatch(plain)
        return _counted_moment(counted, is_date=is_date) if counted else _moment(plain, notation, is_date=is_date)

    return convert


def word_converter(words: Mapping[str, str]) -> Convert:
    """Converts labels to stored values by `words`; several between semicolons. A stored value stays as it is."""
    stored = set(words.values())

    def stored_value(text: str) -> str | None:
        plain = plain_number(text) or ""
        return words.get(plain_word(text)) or (plain if plain in stored else words.get(plain))

    def convert(text: str) -> str | None:
        whole = stored_value(text)
        if whole is not None or ";" not in text:
            return whole
        parts = [(stored_value(part), part.strip()) for part in text.split(";") if part.strip()]
        return ";".join(value or part for value, part in parts) if any(value for value, _ in parts) else None

    return lru_cache(maxsize=4_096)(convert)


@dataclass(slots=True)
class Column:
    """A column that is converted.

    `position` is that of its cells (from 0), `kind` what they are converted to, `is_stored` which have that form. Under
    an internal name (`is_internal`) these stay as they are. `converted` counts the cells that were converted,
    `not_understood` those that could not be, or in part only; `first_line` is the line of the first of these.
    """

    position: int
    heading: str
    kind: ValueKind
    convert: Convert
    is_stored: IsStored
    is_internal: bool = False
    converted: int = 0
    not_understood: int = 0
    first_line: int | None = None

    def read(self, text: str | None, line: int) -> str | None:
        """The cell of line number `line`, converted; as it is when it is empty or not understood."""
        if text is None or (self.is_internal and self.is_stored(text)) or not text.strip():
            return text
        value = self.convert(text)
        if value is None or not self.is_stored(value):
            return self.leave(value or text, line)
        self.converted += 1
        return value

    def leave(self, text: str, line: int) -> str:
        """The cell as it is, counted as not understood."""
        self.not_understood += 1
        self.first_line = line if self.first_line is None else self.first_line
        return text


def _bare_number(text: str) -> str | None:
    """The digits and separators of a number, with a leading minus; None when it is no number."""
    plain = _SPACES.sub("", text)
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    is_negative = plain.startswith("-") or plain.endswith("-")
    plain = _MONEY.sub("", plain.strip("+-"), count=1).strip("+-")
    if not _NUMBER.fullmatch(plain):
        return None
    return f"-{plain}" if is_negative else plain


def _decimal_mark(text: str) -> Literal[",", ".", "?"] | None:
    """The decimal mark of a number; `?` when it may separate thousands as well, None when the number has none."""
    plain = text.lstrip("-")
    marks = [character for character in plain if character in ",."]
    if not marks:
        return None
    last: Literal[",", "."] = "," if marks[-1] == "," else "."
    if len(marks) > 1:
        return last if len(set(marks)) == 2 else None
    return "?" if _ONE_THOUSANDS.fullmatch(plain) else last


def _counted_moment(counted: re.Match[str], *, is_date: bool) -> str | None:
    """The date or time of a number of milliseconds since 1970."""
    milliseconds = int(counted["plain"] or counted["json"])
    if _COMPACT_TIME.fullmatch(counted[0]) and not (is_date and milliseconds % _DAY_MS == 0):
        return None
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.date().isoformat() if is_date else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str, notation: Notation, *, is_date: bool) -> str | None:
    parts = _YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text)
    if parts is None:
        return None
    day, month = _day_and_month(parts, notation)
    try:
        moment = datetime(int(parts["year"]), month, day, *_clock(parts), tzinfo=_zone(parts["zone"], notation))
        if is_date or parts["hour"] is None:
            return moment.date().isoformat()
        return utc_text(moment)
    except (ValueError, OverflowError):
        return None


def _day_and_month(parts: re.Match[str], notation: Notation) -> tuple[int, int]:
    named = parts.groupdict()
    if "month" in named:
        return int(named["day"]), int(named["month"])
    first, second = int(named["first"]), int(named["second_part"])
    is_day_first = named["between"] == "." or first > 12 or (notation.day_first and second <= 12)
    return (first, second) if is_day_first else (second, first)


def _clock(parts: re.Match[str]) -> tuple[int, int, int]:
    if parts["hour"] is None:
        return 0, 0, 0
    hour = int(parts["hour"])
    if parts["half"] is not None:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a half day")
        hour = hour % 12 + (12 if parts["half"][0] in "Pp" else 0)
    return hour, int(parts["minute"]), int(parts["second"] or 0)


def _zone(text: str | None, notation: Notation) -> tzinfo:
    if text is None:
        return notation.zone
    if text in {"Z", "UTC"}:
        return UTC
    zone = datetime.strptime(text.replace(":", ""), "%z").tzinfo
    return zone if zone is not None else UTC
