"""The packs: crafted records, one pack for each open question that the records of an initial sync can settle.

Facts
    * They are data, in `packs/`, whose README.md says how they are written.
    * Every assumption of the rulebook has a pack, or stands in `unsettled.toml` with the reason.
    * A mark in every key of a pack keeps packs apart from each other and from whatever else is in a portal.

Where it is used: all of `rehearsal.calibration`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from dynsync_lib.core.fields.catalogue import Field, Option
from dynsync_lib.core.model import Object, System

_FOLDER: Final = "packs"
_UNSETTLED: Final = "unsettled"
_RUNS: Final = ("two_way", "companies_off", "leads", "one_way", "unmatched", "choices", "required")
"""The runs in the order in which they are made: first the one that settles most."""


@dataclass(frozen=True, slots=True)
class Pack:
    """The records that settle one question.

    `records` are lines such as `h1: email=x@{q}.example.com, lastname={q}`, `associations` lines such as `h1 -> k1`.
    `leaves` says for each choice what is found at each line of `watch` afterwards. Choices that stand together in
    `same` leave the same, for the reason `same_why`. `needs` is what must be set up by hand, blank for nothing.
    `afterwards` are lines such as `touch d2`: what is written once more when all stand there.
    """

    question: str
    says: str
    records: tuple[str, ...]
    watch: tuple[str, ...]
    leaves: Mapping[str, tuple[str, ...]]
    associations: tuple[str, ...] = ()
    same: tuple[tuple[str, ...], ...] = ()
    same_why: str = ""
    needs: str = ""
    afterwards: tuple[str, ...] = ()

    @property
    def uses_owner(self) -> bool:
        """Whether it needs a person who is an owner in HubSpot and a user in Dynamics."""
        return any("=user1" in line for line in self.records)

    def alike(self, choice: str) -> tuple[str, ...]:
        """The choices that no records tell apart from this one, itself among them."""
        return next((group for group in self.same if choice in group), (choice,))


@dataclass(frozen=True, slots=True)
class Run:
    """One initial sync: the packs that are tried in it, under one set of settings.

    `settings` is the text of a `dynsync.toml`, `fields` are those it needs beside the standard ones.
    """

    id: str
    says: str
    settings: str
    fields: tuple[Field, ...]
    packs: tuple[Pack, ...]

    def field_words(self) -> list[str]:
        """A sentence for each field that the run needs beside the standard ones, with its options."""
        return [_words(own) for own in self.fields]

    def pack(self, question: str) -> Pack:
        """The pack of a question. Raises KeyError when it is not among them."""
        return {pack.question: pack for pack in self.packs}[question]


@dataclass(frozen=True, slots=True)
class Packs:
    """All runs in order, and the questions that no records settle, each with the reason."""

    runs: tuple[Run, ...]
    unsettled: Mapping[str, str]

    def run(self, id_: str) -> Run:
        """The run of an id. Raises KeyError when there is none."""
        return {run.id: run for run in self.runs}[id_]


@cache
def shipped_packs() -> Packs:
    """The packs the kit ships. Read once, then kept."""
    unsettled = {name: str(why) for name, why in _read(_UNSETTLED).items()}
    return Packs(tuple(_run(_read(name)) for name in _RUNS), unsettled)


def _words(own: Field) -> str:
    options = ", ".join(f"{option.value} = {option.label}" for option in own.options)
    return f"{own.system.label}: {own.object} field {own.name} with exactly the options {options} (value = label)."


def _read(name: str) -> dict[str, Any]:
    file = resources.files(__package__) / _FOLDER / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _run(table: Mapping[str, Any]) -> Run:
    return Run(
        table["id"],
        table["says"],
        table["settings"].lstrip("\n"),
        tuple(_field(row) for row in table.get("field", ())),
        tuple(_pack(row) for row in table["pack"]),
    )


def _field(row: Mapping[str, Any]) -> Field:
    options = tuple(Option(value, label) for value, _, label in (text.partition("=") for text in row["options"]))
    table = (System(row["system"]), Object(row["object"]))
    return Field(*table, row["name"], row["label"], row["type"], row.get("format"), options)


def _pack(row: Mapping[str, Any]) -> Pack:
    return Pack(
        row["question"],
        row["says"],
        tuple(row["records"]),
        tuple(row["watch"]),
        dict(_choices(row["leaves"])),
        tuple(row.get("associations", ())),
        tuple(tuple(group) for group in row.get("same", ())),
        row.get("same_why", ""),
        row.get("needs", ""),
        tuple(row.get("afterwards", ())),
    )


def _choices(leaves: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for choice, values in leaves.items():
        yield choice, tuple(values)
