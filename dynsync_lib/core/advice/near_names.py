"""Companies that should perhaps match and will not: advice only, never a match.

Facts
    * Names are alike as `like_names` says. Where neither company has a pair by name, one tax number, domain or
      telephone number makes a pair of unlike names, if no other company on either side has it, and the domain is no
      free mail provider's.
    * Only companies without a counterpart are paired, however many they are; a pair is told once.
    * A tax number is known where a mapping of companies names one.

Source: rule advice.near-name (2.30, 2.38).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from dynsync_lib.core import frames as nw
from dynsync_lib.core.advice.company_words import CompanyWords, words_of
from dynsync_lib.core.advice.like_names import LikeNames, Pair, rows_of
from dynsync_lib.core.advice.name_keys import Flags, Rows
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.keys import domain_key
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation, name_column
from dynsync_lib.core.tables import AGREEMENTS, NEAR_NAMES, record_table
from dynsync_lib.core.typed_values import no_text

Companies: TypeAlias = "nw.DataFrame[Any]"
"""One row per company; the columns are those of `COLUMNS`, all text, null when blank."""
_EVIDENCE: Final = tuple(AGREEMENTS)
COLUMNS: Final = ("id", "name", "key", *_EVIDENCE)
_FIELDS: Final[Mapping[System, Mapping[str, str]]] = {
    System.HUBSPOT: {"city": "city", "phone": "phone", "domain": "domain_key"},
    System.DYNAMICS: {"city": "address1_city", "phone": "telephone1", "domain": "domain_key"},
}
_FEWEST_DIGITS, _DIGITS_COMPARED = 7, 9
"""Of telephone numbers the last nine digits are compared: country codes and leading zeros stand in front."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that two companies may agree in: its word, the reason of a pair that agrees in nothing else (None: it
    makes no pair), and what of a value is compared (empty: nothing).
    """

    word: str
    reason: str | None
    read: Callable[[str], str]


def find_near_names(situation: Situation, outcomes: Frame) -> Frame:
    """The forecast's `near_names`, one row per pair of companies."""
    alone = _without_counterpart(outcomes)
    ours, theirs = (_companies(situation, system, alone) for system in System)
    others = tuple(_other_companies(situation, system, alone) for system in System)
    words = CompanyWords.from_data(situation.rulebook.company_names)
    rows = list(pair_near_names(ours, theirs, words, free_mail=situation.rulebook.free_mail_domains, others=others))
    return situation.from_rows(rows, NEAR_NAMES.columns)


def pair_near_names(
    ours: Companies,
    theirs: Companies,
    words: CompanyWords,
    *,
    free_mail: frozenset[str] = frozenset(),
    others: Sequence[Companies] = (),
) -> Iterator[dict[str, Any]]:
    """Rows of `near_names` for companies of HubSpot and of Dynamics, in the order of theirs.

    Every frame has the columns of `COLUMNS`. Domains of `free_mail` make no pair, nor does what one of the `others`
    has, too: companies that have a counterpart.
    """
    sides = _Sides(ours, theirs, _evidence(free_mail))
    names = LikeNames(words, ours["name"].to_list(), theirs["name"].to_list())
    by_name = names.find(sides.have_one_key, sides.are_one_firm)
    unlike = list(_pairs_of_unlike_names(sides, others, by_name))
    is_equal = sides.have_one_key(*rows_of(unlike)).tolist()
    pairs = sorted([*by_name, *(pair for pair, is_no_advice in zip(unlike, is_equal, strict=True) if not is_no_advice)])
    left, right = rows_of(pairs)
    columns = (
        (sides.ours["id"], left),
        (sides.ours["name"], left),
        (sides.theirs["id"], right),
        (sides.theirs["name"], right),
    )
    rows = zip(
        *(_values_at(column, at) for column, at in columns),
        (reason for _, _, reason in pairs),
        names.likeness(left.tolist(), right.tolist()),
        sides.corroborations(pairs),
        strict=True,
    )
    names_of_columns = NEAR_NAMES.column_names
    yield from (dict(zip(names_of_columns, row, strict=True)) for row in rows)


@dataclass(frozen=True, slots=True)
class _Sides:
    """The companies of the two sides, and what they may agree in. Rows are those of the two frames, pair by pair."""

    ours: Companies
    theirs: Companies
    evidence: tuple[Evidence, ...]

    def have_one_key(self, left: Rows, right: Rows) -> Flags:
        """Which pairs have one match key, or none at all."""
        keys = _values_at(self.ours["key"], left), _values_at(self.theirs["key"], right)
        return np.array([(our or "") == (their or "") for our, their in zip(*keys, strict=True)], dtype=np.bool_)

    def are_one_firm(self, left: Rows, right: Rows) -> Flags:
        """Which pairs agree in something that makes a pair of unlike names, too."""
        are_one = np.zeros(len(left), dtype=np.bool_)
        for kind in self.evidence:
            if kind.reason is not None:
                are_one |= self._agree_in(kind, left, right)
        return are_one

    def corroborations(self, pairs: Sequence[Pair]) -> list[str | None]:
        """By pair the words of what it agrees in besides its reason, separated by `;`; None where in nothing."""
        agreeing = [""] * len(pairs)
        for kind in self.evidence:
            for at in np.flatnonzero(self._agree_in(kind, *rows_of(pairs))).tolist():
                if pairs[at][2] != kind.reason:
                    agreeing[at] += f";{kind.word}"
        return [words[1:] or None for words in agreeing]

    def _agree_in(self, kind: Evidence, left: Rows, right: Rows) -> Flags:
        """Which pairs have the same of one kind of evidence."""
        columns = self.ours[kind.word], self.theirs[kind.word]
        agree = np.zeros(len(left), dtype=np.bool_)
        if all(column.null_count() < len(column) for column in columns):
            values = zip(_values_at(columns[0], left), _values_at(columns[1], right), strict=True)
            for pair, (our, their) in enumerate(values):
                agree[pair] = bool(our and their and kind.read(our) and kind.read(our) == kind.read(their))
        return agree


def _values_at(column: nw.Series[Any], rows: Rows) -> list[str | None]:
    values: list[str | None] = column[rows.tolist()].to_list()
    return values


def _evidence(free_mail: frozenset[str]) -> tuple[Evidence, ...]:
    """What is looked at, the surest first."""
    return (
        Evidence("tax_number", "same_tax_number", lambda text: "".join(words_of(text)).upper()),
        Evidence("domain", "same_domain", lambda text: _own_domain(text, free_mail)),
        Evidence("city", None, lambda text: " ".join(words_of(text))),
        Evidence("phone", "same_phone", _phone),
    )


def _own_domain(text: str, free_mail: frozenset[str]) -> str:
    domain = domain_key(text) or ""
    return "" if domain in free_mail else domain


def _phone(text: str) -> str:
    digits = "".join(letter for letter in text if letter.isdigit()).lstrip("0")
    return digits[-_DIGITS_COMPARED:] if len(digits) >= _FEWEST_DIGITS else ""


def _pairs_of_unlike_names(sides: _Sides, others: Sequence[Companies], by_name: Sequence[Pair]) -> Iterator[Pair]:
    """Pairs of companies that have none by name, and alone of all companies share a number or a domain."""
    paired = tuple({pair[side] for pair in by_name} for side in (0, 1))
    for kind in sides.evidence:
        if kind.reason is None:
            continue
        left, right = (_owners(_values(side, kind)) for side in (sides.ours, sides.theirs))
        shared = left.keys() & right.keys()
        for companies in others if shared else ():
            shared -= set(_values(companies, kind))
        for value in sorted(shared):
            here, there = left[value], right[value]
            if here not in paired[0] and there not in paired[1]:
                paired[0].add(here)
                paired[1].add(there)
                yield here, there, kind.reason


def _values(companies: Companies, kind: Evidence) -> list[str]:
    return [kind.read(text) if text else "" for text in companies[kind.word].to_list()]


def _owners(values: Sequence[str]) -> dict[str, int]:
    """The row of each value that only one row has."""
    rows: dict[str, int] = {}
    shared: set[str] = set()
    for row, value in enumerate(values):
        if value in rows:
            shared.add(value)
        if value:
            rows[value] = row
    return {value: row for value, row in rows.items() if value not in shared}


def _without_counterpart(outcomes: Frame) -> Frame:
    """System and id of the companies to be paired."""
    return outcomes.filter(
        (nw.col("object") == Object.COMPANY.value)
        & nw.col("counterpart_id").is_null()
        & (nw.col("outcome") != "shadowed")
        & (nw.col("reason").fill_null("") != "object_off")
    ).select("system", id="record_id")


def _companies(situation: Situation, system: System, alone: Frame) -> Companies:
    records = _all_companies(situation, system).join(_ids(alone, system), on="id", how="semi")
    return records.filter(~nw.col("name").is_null()).sort("id").collect()


def _other_companies(situation: Situation, system: System, alone: Frame) -> Companies:
    """What may corroborate of all companies that are not paired; rows that have nothing of it are left out."""
    records = _all_companies(situation, system).join(_ids(alone, system), on="id", how="anti").select(*_EVIDENCE)
    return records.filter(
        nw.any_horizontal(*(~nw.col(name).is_null() for name in _EVIDENCE), ignore_nulls=False)
    ).collect()


def _ids(alone: Frame, system: System) -> Frame:
    return alone.filter(nw.col("system") == system.value).select("id")


def _all_companies(situation: Situation, system: System) -> Frame:
    """Every company of a system, with the columns of `COLUMNS`."""
    table = record_table(Object.COMPANY, system)
    available = situation.columns(Object.COMPANY, system) | {column.name for column in table.keys}
    fields = {"name": "name", "key": name_column(situation), **_FIELDS[system]}
    fields |= {"tax_number": _tax_field(situation, system)}
    columns = {name: nw.col(field) if field in available else no_text() for name, field in fields.items()}
    return situation.tables[table.name].select("id", **columns)


def _tax_field(situation: Situation, system: System) -> str:
    """The field of a mapping of companies that holds tax numbers; empty when none does."""
    known = situation.rulebook.company_names["tax_numbers"]
    for mapping in situation.sync(Object.COMPANY).mappings:
        if any(word in name.lower() for name in (mapping.hubspot, mapping.dynamics) for word in known):
            return mapping.hubspot if system is System.HUBSPOT else mapping.dynamics
    return ""
