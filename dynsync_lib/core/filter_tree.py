"""A filter as a value: its text and its tree, whatever was written between the two.

Facts
    * `core.filters.grammar` reads a text into this, once per filter; `core.filters.expressions` makes an expression of
      it.

Source: rule record.filter; design of `dynsync.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

OPERATORS: Final = ("=", "!=", "<", "<=", ">", ">=", "contains", "in", "not in", "is known", "is unknown")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test of one field. `operator` is one of OPERATORS; `values` are as written, without quotes."""

    field: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """`field within last days days`."""

    field: str
    days: int


@dataclass(frozen=True, slots=True)
class Negation:
    """`not term`."""

    term: FilterTree


@dataclass(frozen=True, slots=True)
class Junction:
    """Several terms joined by `word`: `and` or `or`."""

    word: str
    terms: tuple[FilterTree, ...]


FilterTree = Comparison | Window | Negation | Junction


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: `text` as a person wrote it, `tree` as it was read."""

    text: str
    tree: FilterTree

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that it asks, each once, in order."""
        return tuple(dict.fromkeys(test.field for test in conditions_of(self.tree)))


def conditions_of(tree: FilterTree) -> Iterator[Comparison | Window]:
    """The comparisons and windows of a filter, in order."""
    if isinstance(tree, Negation):
        yield from conditions_of(tree.term)
    elif isinstance(tree, Junction):
        for term in tree.terms:
            yield from conditions_of(term)
    else:
        yield tree


def steps_of(filter_: Filter) -> list[Filter]:
    """The conditions that all have to hold, each as a filter of its own; what no `and` joins stays whole."""
    tree = filter_.tree
    terms = tree.terms if isinstance(tree, Junction) and tree.word == "and" else (tree,)
    return [Filter(write_tree(term), term) for term in terms]


def write_tree(tree: FilterTree) -> str:
    """A filter's tree as a text that reads as the same filter."""
    if isinstance(tree, Negation):
        return f"not ({write_tree(tree.term)})"
    if isinstance(tree, Junction):
        return f" {tree.word} ".join(_write_term(term) for term in tree.terms)
    if isinstance(tree, Window):
        return f"{tree.field} within last {tree.days} days"
    if tree.operator in ("in", "not in"):
        return f"{tree.field} {tree.operator} ({', '.join(map(_quoted, tree.values))})"
    return " ".join([tree.field, tree.operator, *map(_quoted, tree.values)])


def _write_term(term: FilterTree) -> str:
    return f"({write_tree(term)})" if isinstance(term, Junction) else write_tree(term)


def _quoted(value: str) -> str:
    is_plain = value in ("true", "false") or (value.isascii() and value.isdecimal())
    return value if is_plain else "'" + value.replace("'", "''") + "'"


def text_of(filter_: Filter | None) -> str | None:
    """The text of a filter; None for none."""
    return None if filter_ is None else filter_.text
