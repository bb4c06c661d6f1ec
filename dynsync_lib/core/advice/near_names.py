"""Company names that should perhaps match and will not: advice only, never a match.

Facts
    * A likeness is found by equality of a derived key: the name without legal forms, its words sorted, without spaces,
      less one word, less one letter. A typing error is verified: one edit, the same digits.
    * Only companies without a counterpart are looked at; the first reason that fits is told.

Not modelled
    * Typing errors in portals with more than 300,000 unmatched companies a side; two errors in one name; abbreviations.

Source: rule advice.near-name (2.30, 2.38).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals.stable.v2 as nw
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from dynsync_lib.core.keys import domain_key
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Frame, Situation, name_column
from dynsync_lib.core.tables import NEAR_NAMES, record_table
from dynsync_lib.core.typed_values import NO_TEXT

_MOST_TYPO_NAMES: Final = 300_000
_MOST_PER_KEY: Final = 20
_AND: Final = frozenset({"and", "und", "et", "y", "e", "i", "och", "og", "en"})
_WORD: Final = re.compile(r"[^\W_]+")
_FIELDS: Final[Mapping[System, Mapping[str, str]]] = {
    System.HUBSPOT: {"city": "city", "phone": "phone", "domain": "domain_key"},
    System.DYNAMICS: {"city": "address1_city", "phone": "telephone1", "domain": "domain_key"},
}


@dataclass(frozen=True, slots=True)
class Company:
    """One unmatched company: its match key, its words without accents and dots, and what may corroborate a likeness."""

    id: str
    name: str
    key: str
    words: tuple[str, ...]
    core: tuple[str, ...]
    city: str
    phone: str
    domain: str


def find_near_names(situation: Situation, outcomes: Frame) -> Frame:
    """The forecast's `near_names`, one row per pair of companies."""
    sides = [_companies(situation, outcomes, system) for system in System]
    rows = list(pair_near_names(sides[0], sides[1]))
    return situation.from_rows(rows, NEAR_NAMES.columns)


def pair_near_names(hubspot: Sequence[Company], dynamics: Sequence[Company]) -> Iterator[dict[str, Any]]:
    """Rows of `near_names` for companies of the two sides."""
    seen: set[tuple[str, str]] = set()
    for reason, keys in _classes(len(hubspot) + len(dynamics)):
        for ours, theirs in _meetings(hubspot, dynamics, keys):
            pair = (ours.id, theirs.id)
            if pair not in seen and ours.key != theirs.key and _is_verified(reason, ours, theirs):
                seen.add(pair)
                yield _row(_reason(reason, ours, theirs), ours, theirs)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name: case-folded, accents and dots gone."""
    folded = unicodedata.normalize("NFKD", name.replace("&", " and ").replace(".", "")).casefold()
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return tuple(_WORD.findall(plain))


Keys = Callable[[Company], Iterable[str]]


def _classes(names: int) -> list[tuple[str, Keys]]:
    classes: list[tuple[str, Keys]] = [
        ("legal_form", lambda company: [" ".join(company.core)]),
        ("word_order", lambda company: [" ".join(sorted(company.core))]),
        ("spacing", lambda company: ["".join(company.core)]),
        ("extra_word", _without_one_word),
    ]
    return classes if names > 2 * _MOST_TYPO_NAMES else [*classes, ("typo", _without_one_letter)]


def _reason(reason: str, ours: Company, theirs: Company) -> str:
    """The reason told: names of the same words without a legal form differ in accents or signs, a kind of typing."""
    return "typo" if ours.words == theirs.words == ours.core else reason


def _without_one_word(company: Company) -> set[str]:
    if len(company.core) < 2:
        return {" ".join(company.core)}
    shorter = {" ".join(company.core[:index] + company.core[index + 1 :]) for index in range(len(company.core))}
    return {" ".join(company.core)} | {text for text in shorter if len(text) >= 4}


def _without_one_letter(company: Company) -> set[str]:
    text = " ".join(company.core)
    return {text} | {text[:index] + text[index + 1 :] for index in range(len(text))} if len(text) >= 5 else {text}


def _meetings(hubspot: Sequence[Company], dynamics: Sequence[Company], keys: Keys) -> Iterator[tuple[Company, Company]]:
    by_key: dict[str, list[Company]] = defaultdict(list)
    for theirs in dynamics:
        for key in sorted(keys(theirs)):
            by_key[key].append(theirs)
    for ours in hubspot:
        for key in sorted(keys(ours)):
            others = by_key.get(key, []) if key else []
            if len(others) <= _MOST_PER_KEY:
                yield from ((ours, theirs) for theirs in others)


def _is_verified(reason: str, ours: Company, theirs: Company) -> bool:
    if reason == "extra_word":
        return abs(len(ours.core) - len(theirs.core)) == 1
    if reason != "typo":
        return True
    first, second = " ".join(ours.core), " ".join(theirs.core)
    return OSA.distance(first, second) == 1 and _digits(first) == _digits(second)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _row(reason: str, ours: Company, theirs: Company) -> dict[str, Any]:
    agreeing = [
        name
        for name in ("domain", "city", "phone")
        if getattr(ours, name) and getattr(ours, name) == getattr(theirs, name)
    ]
    return {
        "hubspot_id": ours.id,
        "hubspot_name": ours.name,
        "dynamics_id": theirs.id,
        "dynamics_name": theirs.name,
        "reason": reason,
        "score": round(fuzz.ratio(" ".join(ours.words), " ".join(theirs.words)), 1),
        "corroboration": ";".join(agreeing) or None,
    }


def _companies(situation: Situation, outcomes: Frame, system: System) -> list[Company]:
    table = record_table(Object.COMPANY, system)
    available = situation.columns(Object.COMPANY, system) | {column.name for column in table.keys}
    alone = outcomes.filter(
        (nw.col("system") == system.value)
        & (nw.col("object") == Object.COMPANY.value)
        & nw.col("counterpart_id").is_null()
        & (nw.col("outcome") != "shadowed")
        & (nw.col("reason").fill_null("") != "object_off")
    ).select(id="record_id")
    columns = {
        name: nw.col(field) if field in available else NO_TEXT
        for name, field in {"name": "name", "key": name_column(situation), **_FIELDS[system]}.items()
    }
    records = situation.tables[table.name].select("id", **columns).join(alone, on="id", how="semi")
    rows = records.filter(~nw.col("name").is_null()).sort("id").collect().rows(named=True)
    return [_company(row, situation.rulebook.legal_forms) for row in rows]


def _company(row: Mapping[str, Any], legal_forms: frozenset[str]) -> Company:
    words = words_of(row["name"])
    core = _core_of(words, legal_forms) or words
    city = " ".join(words_of(row["city"] or ""))
    return Company(
        row["id"],
        row["name"],
        row["key"] or "",
        words,
        core,
        city,
        _digits(row["phone"] or ""),
        domain_key(row["domain"]) or "",
    )


def _core_of(words: tuple[str, ...], legal_forms: frozenset[str]) -> tuple[str, ...]:
    """The words without legal forms, and without the `and` of `& Co. KG` that is left at the end."""
    core = [word for word in words if word not in legal_forms]
    while core and core[-1] in _AND and len(core) < len(words):
        core.pop()
    return tuple(core)
