"""Customers' texts as values, for every engine alike: trimmed text, canonical numbers, moments, yes and no.

Facts
    * Nothing here can fail: what is no number, moment or yes/no becomes null.
    * Trimming names its characters, since engines disagree on what white space is.
    * A number is canonical without sign `+`, leading and trailing zeros: `012.50` and `12.5` are one text.

Not modelled
    * Ordering (not equality) of numbers beyond the 15 or so digits a double holds.

Source: docs/semantics.md sections 1, 2 and 6; rule field.equal-after-typing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.keys import OUTER


def character_class(letters: str) -> str:
    """The letters as one class of a regular expression that every engine reads."""
    return "[" + "".join(rf"\x{{{ord(letter):x}}}" for letter in letters) + "]"


_OUTER_CLASS: Final = character_class(OUTER)
_UNTRIMMED: Final = f"^{_OUTER_CLASS}|{_OUTER_CLASS}$"
"""Asked first, since DuckDB takes thirty times as long to strip named characters, most often for nothing."""
_NUMBER: Final = r"^[+-]?([0-9]{1,300}(\.[0-9]{0,300})?|\.[0-9]{1,300})$"
_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT: Final = _DATE + r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
MOMENT_FORMAT: Final = "%Y-%m-%dT%H:%M:%S"


def no_text() -> nw.Expr:
    """Null, typed as text: a literal that says of no record what a field holds."""
    return nw.lit(None, dtype=nw.String)


def no_number() -> nw.Expr:
    """Null, typed as a whole number."""
    return nw.lit(None, dtype=nw.Int64)


def are_same(first: nw.Expr, second: nw.Expr) -> nw.Expr:
    """Whether two values are equal, or both null; never null itself."""
    both_blank = first.is_null() & second.is_null()
    return both_blank | (first == second).fill_null(value=False)


def trimmed(text: nw.Expr, *, already: bool = False) -> nw.Expr:
    """The text without outer white space and zero-width characters; null when blank.

    `already`: it is known to have none, and nobody looks.
    """
    filled = nw.when(text != "").then(text)
    if already:
        return filled
    stripped = text.str.strip_chars(OUTER)
    return nw.when(text.str.contains(_UNTRIMMED)).then(nw.when(stripped != "").then(stripped)).otherwise(filled)


def number_text(value: nw.Expr) -> nw.Expr:
    """A trimmed text as canonical number; null when it is none."""
    size = value.str.replace_all(r"^[+-]?0*", "")
    size = nw.when(size.str.contains(r"\.")).then(size.str.replace_all(r"\.?0*$", "")).otherwise(size)
    signed = nw.when(value.str.starts_with("-")).then(nw.concat_str([nw.lit("-"), size])).otherwise(size)
    whole = nw.when(size == "").then(nw.lit("0")).otherwise(signed)
    return nw.when(value.str.contains(_NUMBER)).then(whole)


def number(value: nw.Expr) -> nw.Expr:
    """A text that is trimmed already as double: digits, a sign and a point if any; null for anything else."""
    return nw.when(value.str.contains(_NUMBER)).then(value).cast(nw.Float64)


def has_fraction(value: nw.Expr) -> nw.Expr:
    """Whether a trimmed text is a number with a fraction other than 0."""
    return value.str.contains(_NUMBER) & value.str.contains(r"\.[0-9]*[1-9]")


def whole_part(value: nw.Expr) -> nw.Expr:
    """A trimmed text without the fraction of the number that it is; what is no number stays as it is."""
    cut = value.str.replace_all(r"\.[0-9]*$", "")
    whole = nw.when(cut.is_in(["", "+", "-"])).then(nw.concat_str([cut, nw.lit("0")])).otherwise(cut)
    return nw.when(value.str.contains(_NUMBER)).then(whole).otherwise(value)


def moment(value: nw.Expr) -> nw.Expr:
    """A trimmed text as `YYYY-MM-DDTHH:MM:SS`, which sorts by time; a date is its midnight; null when no moment."""
    day = value.str.slice(0, 10)
    timed = nw.concat_str([day, nw.lit("T"), value.str.slice(11, 8)])
    midnight = nw.concat_str([day, nw.lit("T00:00:00")])
    is_day = value.str.contains(_DATE + "$")
    return nw.when(value.str.contains(_MOMENT)).then(timed).otherwise(nw.when(is_day).then(midnight))


def moment_number(value: nw.Expr) -> nw.Expr:
    """A trimmed text as the whole number YYYYMMDDHHMMSS, which sorts by time; null when it is no moment."""
    return moment(value).str.replace_all("[^0-9]", "").cast(nw.Int64)


def moment_text(clock: datetime) -> str:
    """A clock's reading as `moment` writes it, in UTC."""
    return clock.astimezone(UTC).strftime(MOMENT_FORMAT)


def lowered(text: nw.Expr) -> nw.Expr:
    """The text in lower case as `core.keys.lower` has it: engines disagree on `İ` and on the final sigma."""
    dotted = text.str.replace_all("İ", "i\u0307", literal=True)
    return dotted.str.to_lowercase().str.replace_all("ς", "σ", literal=True)


def truth(value: nw.Expr) -> nw.Expr:
    """A trimmed text as `true` or `false`; null when it is neither."""
    lower = value.str.to_lowercase()
    yes = nw.when(lower.is_in(["true", "1"])).then(nw.lit("true"))
    return nw.coalesce(yes, nw.when(lower.is_in(["false", "0"])).then(nw.lit("false")))


def digits(value: nw.Expr) -> nw.Expr:
    """The digits 0 to 9 of a text; null when it has none."""
    return nw.when(value.str.contains("[0-9]")).then(value.str.replace_all("[^0-9]", ""))
