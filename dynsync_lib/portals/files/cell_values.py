"""Cells under labels, as the API would print them: numbers, dates, yes and no, options.

Facts
    * The kit's numbers have a decimal point and no thousands; its dates are YYYY-MM-DD, its times UTC with `Z`.
    * `1.234` and `01/02/2026` mean two things. Which one is decided for each file: by values that mean only one, then
      by the language of the headings, then by the delimiter. What was decided so is a guess, and is said.
    * Times without a zone are read in the zone the caller names.
    * What is not understood stays as it is and is counted: customers' data is never repaired.

Not modelled
    * Years of two digits, months in words, percentages; a file that mixes two forms is read by the commoner one.

Where it is used: `portals.files.load_files`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final, Literal

from dynsync_lib.portals.files.export_words import plain_word

ValueKind = Literal["number", "date", "datetime", "yes_no", "option"]
Convert = Callable[[str], str | None]
"""The converted text; None when it is not understood."""

_SPACES: Final = re.compile(r"[\s\u00a0\u2007\u2009\u202f'’]+")
_CURRENCY: Final = r"(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|AUD|CAD|JPY|US\$|kr\.?|Fr\.?|[€$£¥])"
_MONEY: Final = re.compile(rf"\A{_CURRENCY}|{_CURRENCY}\Z")
_NUMBER: Final = re.compile(
    r"\d+(?:[.,]\d+)?|[.,]\d+|\d{1,3}(?:(?P<thousands>[.,])\d{3})+(?:(?!(?P=thousands))[.,]\d+)?"
)
_CANONICAL_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_ONE_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_API_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_TIME: Final = r"(?:[T,]?\s*(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?\s?[Mm]\.?)?(?:\s*Uhr)?\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?)?"  # noqa: E501
_YEAR_FIRST: Final = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + _TIME)
_YEAR_LAST: Final = re.compile(
    r"(?P<first>\d{1,2})(?P<between>[./-])(?P<second_part>\d{1,2})(?P=between)(?P<year>\d{4})" + _TIME
)


@dataclass(slots=True)
class Evidence:
    """What the numbers and dates of one file say about how it writes them; counts of values."""

    decimal_comma: int = 0
    decimal_point: int = 0
    either_number: int = 0
    day_first: int = 0
    month_first: int = 0
    either_date: int = 0
    without_zone: int = 0
    is_typed: bool = False

    def look(self, kind: ValueKind, text: str) -> None:
        """Takes one cell into account."""
        if kind == "number" and not (self.is_typed and _CANONICAL_NUMBER.fullmatch(text)):
            self._look_at_number(_bare_number(text))
        elif kind in {"date", "datetime"}:
            plain = text.strip()
            self._look_at_date(_YEAR_LAST.fullmatch(plain))
            parts = _YEAR_LAST.fullmatch(plain) or _YEAR_FIRST.fullmatch(plain)
            is_timed = parts is not None and parts["hour"] is not None and parts["zone"] is None
            self.without_zone += kind == "datetime" and is_timed

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
class Manner:
    """How a file writes numbers and dates, and what of that is a guess, one sentence each.

    `is_typed`: a workbook, whose numbers were numbers: they are written the kit's way already.
    """

    decimal: Literal[",", "."] = "."
    day_first: bool = True
    zone: tzinfo = UTC
    is_typed: bool = False
    guesses: tuple[str, ...] = ()


def decide_manner(evidence: Evidence, *, looks_german: bool, zone: tzinfo) -> Manner:
    """How the file writes, by its values, else by the language of its headings or its delimiter (`looks_german`)."""
    decimal = _of_votes(evidence.decimal_comma, evidence.decimal_point, usual=looks_german)
    day_first = _of_votes(evidence.day_first, evidence.month_first, usual=looks_german)
    guesses = _guesses(evidence, decimal_comma=decimal, day_first=day_first)
    if evidence.without_zone:
        guesses.append(f"Times without a zone ({evidence.without_zone:,}): read as {zone}.")
    return Manner("," if decimal else ".", day_first, zone, evidence.is_typed, tuple(guesses))


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
    """Why a thing with two meanings is read one way."""
    return f"of the file {sure:,} can mean nothing else" if sure else "nothing in the file tells"


def number_converter(manner: Manner) -> Convert:
    """Numbers with their digits as printed, without thousands and currency."""

    def convert(text: str) -> str | None:
        is_plain = _CANONICAL_NUMBER.fullmatch(text) is not None
        if is_plain and (manner.is_typed or manner.decimal == "." or _decimal_mark(text) != "?"):
            return text
        plain = _bare_number(text)
        if plain is None:
            return None
        mark = _decimal_mark(plain)
        decimal = manner.decimal if mark == "?" else mark
        if decimal is None:
            return plain.replace(",", "").replace(".", "")
        other = "." if decimal == "," else ","
        return plain.replace(other, "").replace(decimal, ".")

    return convert


def moment_converter(manner: Manner, *, is_date: bool) -> Convert:
    """Dates (`is_date`) as YYYY-MM-DD; times in UTC with `Z`, or the date where no time stands."""

    def convert(text: str) -> str | None:
        plain = text.strip()
        if _API_MOMENT.fullmatch(plain):
            return plain[:10] if is_date else plain
        return _moment(plain, manner, is_date=is_date)

    return convert


def word_converter(words: Mapping[str, str]) -> Convert:
    """A stored value by a word for it; several between semicolons. A value that is stored already stays."""
    stored = set(words.values())

    def one(text: str) -> str | None:
        return words.get(plain_word(text)) or (text.strip() if text.strip() in stored else None)

    def convert(text: str) -> str | None:
        whole = one(text)
        if whole is not None or ";" not in text:
            return whole
        parts = [(one(part), part.strip()) for part in text.split(";") if part.strip()]
        return ";".join(value or part for value, part in parts) if any(value for value, _ in parts) else None

    return lru_cache(maxsize=4_096)(convert)


@dataclass(slots=True)
class Column:
    """One column that is converted: how, and how many cells were not understood, with the first line of those."""

    place: int
    heading: str
    kind: ValueKind
    convert: Convert
    not_understood: int = 0
    first_line: int | None = None

    def read(self, text: str | None, line: int) -> str | None:
        """The cell as the API would print it; what is not understood stays as it is."""
        if text is None or not text.strip():
            return text
        value = self.convert(text)
        if value is not None:
            return value
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
    """What divides the decimals: comma, point, `?` when it may be thousands as well; None when nothing does."""
    plain = text.lstrip("-")
    marks = [character for character in plain if character in ",."]
    if not marks:
        return None
    last: Literal[",", "."] = "," if marks[-1] == "," else "."
    if len(marks) > 1:
        return last if len(set(marks)) == 2 else None
    return "?" if _ONE_THOUSANDS.fullmatch(plain) else last


def _moment(text: str, manner: Manner, *, is_date: bool) -> str | None:
    parts = _YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text)
    if parts is None:
        return None
    day, month = _day_and_month(parts, manner)
    try:
        moment = datetime(int(parts["year"]), month, day, *_clock(parts), tzinfo=_zone(parts["zone"], manner))
        if is_date or parts["hour"] is None:
            return f"{moment:%Y-%m-%d}" if moment.year > 999 else None
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return None


def _day_and_month(parts: re.Match[str], manner: Manner) -> tuple[int, int]:
    named = parts.groupdict()
    if "month" in named:
        return int(named["day"]), int(named["month"])
    first, second = int(named["first"]), int(named["second_part"])
    is_day_first = named["between"] == "." or first > 12 or (manner.day_first and second <= 12)
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


def _zone(text: str | None, manner: Manner) -> tzinfo:
    if text is None:
        return manner.zone
    if text in {"Z", "UTC"}:
        return UTC
    zone = datetime.strptime(text.replace(":", ""), "%z").tzinfo
    return zone if zone is not None else UTC
