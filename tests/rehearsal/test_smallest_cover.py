"""The sample shows everything with few records, those that others depend on counted."""

from __future__ import annotations

from dynsync_lib.rehearsal.planning.record_names import Record
from dynsync_lib.rehearsal.planning.smallest_cover import Closure, choose_sample


def record(name: str) -> Record:
    return Record("hubspot/contacts", name)


def closures(**needed: str) -> dict[Record, Closure]:
    """By record its closure: itself and the records named by letter."""
    return {record(name): frozenset(map(record, {name, *others})) for name, others in needed.items()}


def chosen(shows: dict[str, str], **needed: str) -> list[str]:
    """The names of all records of the sample; `shows` gives the items of each as letters."""
    known = closures(**needed)
    shown = {record(name): set(items) for name, items in shows.items()}
    return [name for _, name in choose_sample(known, known.__getitem__, shown).records]


def test_one_who_shows_all_is_enough() -> None:
    assert chosen({"a": "12", "b": "3", "c": "123"}, a="", b="", c="") == ["c"]


def test_what_a_record_depends_on_is_counted_and_shows_too() -> None:
    assert chosen({"a": "12", "b": "1", "c": "2", "d": ""}, a="defgh", b="", c="") == ["b", "c"]
    assert chosen({"a": "1", "d": "2", "b": "2"}, a="d", b="") == ["a", "d"]


def test_who_shows_nothing_alone_is_left_out_at_the_end() -> None:
    shows = {"a": "1234", "b": "125", "c": "346"}
    assert chosen(shows, a="", b="", c="") == ["b", "c"]


def test_covers__each_item_once_and_dependencies_say_by_whom_they_are_needed() -> None:
    known = closures(a="d", b="")
    sample = choose_sample(known, known.__getitem__, {record("a"): {"1"}, record("b"): {"2"}, record("d"): {"1", "3"}})
    assert sample.covers == {record("a"): ["1"], record("b"): ["2"], record("d"): ["3"]}
    assert sample.needed_by() == {record("d"): record("a")}
