"""Filters as expressions over a record table, typed by the fields' metadata.

Facts
    * A filter limits entry, per direction, and is asked of the record itself (4.1, 4.10), at the snapshot's time.
    * There are two truth values. A blank value passes `is unknown`, `!=` and `not in`, nothing else; a value that is
      not of its field's type passes `!=` and `not in`.
    * Text is compared without regard to case, a choice by its internal value; a label in the filter is translated.
    * Several choices equal a value when one of them is it; `contains` asks their whole text.
    * A lookup or owner is the id it points to, and is asked as `parentcustomerid` or as `_parentcustomerid_value`.

Not modelled
    * Membership of HubSpot lists (4.12); letters whose lower case has two letters.

Source: rule record.filter; docs/semantics.md section 4.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.catalogue import Catalogue, Field
from dynsync_lib.core.fields.several_choices import elements, is_one_element
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.filter_tree import Comparison, Filter, FilterTree, Junction, Negation, Window, conditions_of
from dynsync_lib.core.filters.grammar import FilterTextError, read_filter
from dynsync_lib.core.keys import lower, trim
from dynsync_lib.core.model import Object, System, nearest
from dynsync_lib.core.rulebook import Rulebook

_ORDERED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_HELD: Final = {
    "number": "numbers",
    "yes_no": "yes or no",
    "choice": "a choice",
    "several_choices": "several choices",
    "lookup": "the id of a record",
    "owner": "the id of an owner",
}
"""What fields hold that hold no text and no date."""
_TYPED: Final = {"number": "a number", "date": "a date", "datetime": "a date", "yes_no": "true or false"}


@dataclass(frozen=True, slots=True)
class FilteredTable:
    """The table whose records a filter is asked of.

    `available` are its columns; a field that was not delivered counts as blank. `trimmed` are those columns whose
    values are known to be trimmed.
    """

    system: System
    object: Object
    catalogue: Catalogue
    rulebook: Rulebook
    available: Collection[str]
    trimmed: Collection[str] = ()

    def field(self, name: str) -> Field | None:
        """The field that a filter names; None when the metadata does not know it."""
        return self.catalogue.find(self.system, self.object, name)

    def kind(self, name: str) -> str:
        """The kind of a field; text when it has none, or is not known."""
        field = self.field(name)
        return (field and kind_of(field, self.rulebook)) or "text"


def filter_expression(filter_: Filter | None, table: FilteredTable, taken_at: datetime) -> nw.Expr:
    """An expression, never null, that is true for records that pass; without a filter true for all.

    `taken_at` is the moment from which `within last` counts back.
    """
    return nw.lit(value=True) if filter_ is None else _Compiler(table, taken_at).expression(filter_.tree)


def check_filter(
    text: str, *, system: System, object_: Object, catalogue: Catalogue | None, rulebook: Rulebook
) -> tuple[Filter | None, list[str]]:
    """The filter, None when the text is blank or cannot be read, and what is wrong with it, one sentence each.

    Without a catalogue only the grammar is asked.
    """
    try:
        filter_ = read_filter(text)
    except FilterTextError as fault:
        return None, [f"The filter cannot be used: {fault}."]
    if filter_ is None or catalogue is None:
        return filter_, []
    faults = list(_name_faults(filter_, system, object_, catalogue))
    faults += _value_faults(filter_.tree, system, object_, catalogue=catalogue, rulebook=rulebook)
    return filter_, faults


def delivered_column(field: Field | None, name: str, available: Collection[str]) -> str | None:
    """The column that a field a filter names was delivered in, a lookup's as `_name_value`; None when it was not."""
    names = (name, f"_{field.name if field is not None else name}_value")
    return next((column for column in names if column in available), None)


def _name_faults(filter_: Filter, system: System, object_: Object, catalogue: Catalogue) -> Iterator[str]:
    for name in filter_.fields:
        if catalogue.find(system, object_, name) is None:
            yield f"The filter asks `{name}`, which is {catalogue.say_unknown(system, object_, name)}"


def _value_faults(
    tree: FilterTree, system: System, object_: Object, *, catalogue: Catalogue, rulebook: Rulebook
) -> Iterator[str]:
    for test in conditions_of(tree):
        field = catalogue.find(system, object_, test.field)
        if field is None:
            continue
        fault = _test_fault(test, field, kind_of(field, rulebook))
        if fault is not None:
            yield fault
        elif isinstance(test, Comparison) and test.operator != "contains":
            lists_options = not catalogue.standard.get(system, False)
            for value in test.values:
                yield from _value_fault(field, value, rulebook, lists_options=lists_options)


def _test_fault(test: Comparison | Window, field: Field, kind: str | None) -> str | None:
    """Why no value of the field could ever pass the test; None when one could."""
    held = _HELD.get(kind or "")
    if isinstance(test, Window):
        return f"`within last` asks for a date, and `{field.name}` holds {held}." if held else None
    is_ordered = test.operator in ("<", "<=", ">", ">=")
    if is_ordered and held and kind not in ("number", "choice"):
        return f"`{test.operator}` asks which comes first, and `{field.name}` holds {held}."
    return None


def _value_fault(field: Field, value: str, rulebook: Rulebook, *, lists_options: bool) -> Iterator[str]:
    kind = kind_of(field, rulebook) or "text"
    if kind in ("choice", "several_choices") and field.options and lists_options:
        allowed = [word for option in field.options for word in (option.value, option.label)]
        if trim(value).lower() not in {trim(word).lower() for word in allowed}:
            yield f"`{value}` is no option of `{field.name}`.{nearest(value, allowed)}"
    elif kind in _TYPED and not _is_typed(kind, trim(value)):
        yield f"`{value}` is compared with `{field.name}`, which holds {_TYPED[kind]}."


def _is_typed(kind: str, value: str) -> bool:
    if kind == "yes_no":
        return value.lower() in {"true", "false", "1", "0"}
    if kind == "number":
        return value.lstrip("+-").replace(".", "", 1).isdecimal() and value.isascii()
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Compiler:
    """Turns the tree of one filter into one expression."""

    table: FilteredTable
    taken_at: datetime

    def expression(self, tree: FilterTree) -> nw.Expr:
        if isinstance(tree, Negation):
            return ~self.expression(tree.term)
        if isinstance(tree, Junction):
            join = operator.and_ if tree.word == "and" else operator.or_
            return functools.reduce(join, [self.expression(term) for term in tree.terms])
        column = delivered_column(self.table.field(tree.field), tree.field, self.table.available)
        if column is None:
            return nw.lit(value=_passes_blank(tree))
        value = typed_values.trimmed(nw.col(column), already=column in self.table.trimmed)
        return self._window(tree, value) if isinstance(tree, Window) else self._comparison(tree, value)

    def _window(self, window: Window, value: nw.Expr) -> nw.Expr:
        earliest = typed_values.moment_text(self.taken_at - timedelta(days=window.days))
        moment = typed_values.moment(value)
        return ((moment > earliest) & (moment <= typed_values.moment_text(self.taken_at))).fill_null(value=False)

    def _comparison(self, test: Comparison, value: nw.Expr) -> nw.Expr:
        if test.operator == "is known":
            return ~value.is_null()
        if test.operator == "is unknown":
            return value.is_null()
        if test.operator == "contains":
            part = lower(trim(test.values[0]))
            return typed_values.lowered(value).str.contains(part, literal=True).fill_null(value=False)
        if test.operator in ("!=", "not in"):
            return ~self._any_equal(test, value)
        if test.operator in ("=", "in"):
            return self._any_equal(test, value)
        return self._ordered(test, value)

    def _any_equal(self, test: Comparison, value: nw.Expr) -> nw.Expr:
        kind, field = self.table.kind(test.field), self.table.field(test.field)
        if kind == "several_choices":
            return self._any_held(test, value)
        wanted = [_canonical(kind, _internal(field, literal)) for literal in test.values]
        known = [text for text in wanted if text is not None]
        return _comparable(kind, value).is_in(known).fill_null(value=False)

    def _any_held(self, test: Comparison, value: nw.Expr) -> nw.Expr:
        field, held = self.table.field(test.field), typed_values.lowered(elements(value, self.table.system))
        wanted = [lower(trim(_internal(field, literal))) for literal in test.values]
        wanted_elements = [element for element in wanted if element and is_one_element(element, self.table.system)]
        tests = [held.str.contains(f";{element};", literal=True) for element in wanted_elements]
        return nw.any_horizontal(nw.lit(value=False), *tests, ignore_nulls=True)

    def _ordered(self, test: Comparison, value: nw.Expr) -> nw.Expr:
        kind = self.table.kind(test.field)
        wanted = _canonical(kind, _internal(self.table.field(test.field), test.values[0]))
        if wanted is None:
            return nw.lit(value=False)
        if kind == "number":
            return _ordered(typed_values.number(value), test.operator, float(wanted))
        return _ordered(_comparable(kind, value), test.operator, wanted)


def _ordered(value: nw.Expr, sign: str, wanted: str | float) -> nw.Expr:
    compared: nw.Expr = _ORDERED[sign](value, wanted)
    return compared.fill_null(value=False)


def _passes_blank(tree: Comparison | Window) -> bool:
    return isinstance(tree, Comparison) and tree.operator in ("is unknown", "!=", "not in")


def _internal(field: Field | None, literal: str) -> str:
    """The internal value a filter means: the value as it stands, or that of the option with this label."""
    wanted = lower(trim(literal))
    options = field.options if field is not None else ()
    if any(lower(option.value) == wanted for option in options):
        return literal
    return next((option.value for option in options if lower(trim(option.label)) == wanted), literal)


def _comparable(kind: str, value: nw.Expr) -> nw.Expr:
    if kind == "number":
        return typed_values.number_text(value)
    if kind in ("date", "datetime"):
        return typed_values.moment(value)
    return typed_values.truth(value) if kind == "yes_no" else typed_values.lowered(value)


def _canonical(kind: str, literal: str) -> str | None:
    """A filter's value in the form of `_comparable`; None when it is not of the kind."""
    text = trim(literal)
    if kind == "number":
        return _canonical_number(text) if _is_typed("number", text) else None
    if kind in ("date", "datetime"):
        return _canonical_moment(text)
    if kind == "yes_no":
        return {"true": "true", "1": "true", "false": "false", "0": "false"}.get(text.lower())
    return lower(text)


def _canonical_number(text: str) -> str:
    size = text.lstrip("+-").lstrip("0")
    size = size.rstrip("0").rstrip(".") if "." in size else size
    return ("-" + size if text.startswith("-") else size) if size else "0"


def _canonical_moment(text: str) -> str | None:
    day, time = text[:10], text[11:19]
    if not _is_typed("date", text):
        return None
    return f"{day}T{time}" if time else f"{day}T00:00:00"
