"""Why a record ends as it does, for any record that the file holds, found without a network by what somebody types.

Facts
    * The page holds no address of a person: what is typed is hashed there and looked for among the hashes. Where people
      are masked, their addresses are hashed with a code that the page does not hold, so that nobody who has only the
      page finds an address by trying; ids, and names of companies, need no code.
    * A file is bounded, so it holds the records that people ask for: failing, shadowed and excluded ones first, then
      those that change, are created, and stay; which of them are in it is said.
    * Records that end alike share one chain; only their ids are their own. So it is shorter than that of `kit.explain`,
      and says so: fields, associations and refused values are a record's own.

Where it is used: `kit.pages`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core.model import PERSONS, Object, Outcome
from dynsync_lib.report.forecast_tables import ForecastTables, Row, count_outcomes, sum_where
from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.words import (
    DIRECTIONS,
    OTHER,
    OUTCOME_MEANINGS,
    OUTCOMES,
    REASONS,
    SHADOWED_REASONS,
    as_clause,
    object_word,
    records_word,
    system_word,
)

MOST_RECORDS: Final = 6_000
_DIGITS: Final = 12
_ORDER: Final = (Outcome.FAILING, Outcome.SHADOWED, Outcome.EXCLUDED, Outcome.UPDATE, Outcome.CREATE, Outcome.LINK)
_CHAIN: Final = ("system", "object", "outcome", "reason", "rule_id", "sensitive_to")


@dataclass(frozen=True, slots=True)
class Chain:
    """What records that end alike have in common: words and sentence of each step, and the rule that decided."""

    steps: tuple[tuple[str, str], ...]
    rule_id: str


def show_finder(
    forecast: ForecastTables, info: Mapping[str, Any], salt: str, code: str = "", *, most: int = MOST_RECORDS
) -> Piece:
    """A box to type into, and the chains of at most `most` records.

    The keys of `forecast` are not masked; `info` is what its `forecast.json` says, masked where the report is. With a
    `code` people are found by their address only by who types that, too.
    """
    rows = list(_choose(forecast, most))
    chains: dict[tuple[Any, ...], int] = {}
    lines = []
    for row in rows:
        number = chains.setdefault(tuple(row[name] for name in _CHAIN), len(chains))
        key, secret = row["match_key"], code if row["object"] in PERSONS else ""
        hashes = (hash_key(key, salt + secret) if key else "", hash_key(row["record_id"], salt))
        lines.append(",".join([*hashes, str(number), row["counterpart_id"] or "", row["winner_id"] or ""]))
    said = _say_content(forecast, rows)
    html = render(
        "record_finder",
        salt=salt,
        digits=_DIGITS,
        lines="\n".join(lines),
        chains=[_chain(dict(zip(_CHAIN, key, strict=True)), info) for key in chains],
        said=said,
        needs_code=bool(code),
    )
    return Piece(html, said)


def hash_key(key: str, salt: str) -> str:
    """What stands in the page for a key: the first digits of its SHA-256, behind the salt."""
    return hashlib.sha256(f"{salt}{key.lower()}".encode()).hexdigest()[:_DIGITS]


def _choose(forecast: ForecastTables, most: int) -> Iterator[Row]:
    for outcome in _ORDER:
        rows = forecast.rows(
            "outcomes", where={"outcome": outcome.value}, order=["system", "object", "record_id"], limit=most
        )
        most -= len(rows)
        yield from rows


def _say_content(forecast: ForecastTables, rows: Sequence[Row]) -> str:
    """Which records are in the file, outcome by outcome."""
    summary = count_outcomes(forecast)
    parts = []
    for outcome in _ORDER:
        held, total = sum(row["outcome"] == outcome for row in rows), sum_where(summary, outcome=outcome)
        if total:
            word = OUTCOMES[outcome].lower()
            parts.append(f"all {total:,} {word}" if held >= total else f"{held:,} of {total:,} {word}")
    rest = "" if len(rows) >= sum_where(summary) else " Any other record is explained by the command dynsync explain."
    return f"In this file: {'; '.join(parts) or 'no records'}.{rest}"


def _chain(row: Row, info: Mapping[str, Any]) -> Chain:
    """The steps that records of one row have in common, in the order of the sync."""
    system, object_ = row["system"], row["object"]
    sync: Mapping[str, Any] = (info.get("objects") or {}).get(object_) or {}
    filter_ = sync.get(f"filter_to_{OTHER.get(system, '')}")
    outcome = OUTCOMES.get(row["outcome"], row["outcome"])
    steps = [("Record", records_word(object_, system)), ("Scope", _say_scope(object_, sync))]
    if filter_:
        steps.append(("Filter", f"into {system_word(OTHER[system])}: {filter_}"))
    steps.append(("Key", _say_key(object_, sync)))
    steps.append(("Outcome", f"{outcome}: {as_clause(_say_why(row))}."))
    asked: Mapping[str, str] = info.get("questions") or {}
    for name in (row["sensitive_to"] or "").split(";"):
        if name:
            steps.append(("Open question", f"Another answer would change it: {asked.get(name, f'{name}.')}"))
    return Chain(tuple(steps), row["rule_id"] or "")


def _say_scope(object_: str, sync: Mapping[str, Any]) -> str:
    if not sync:
        return f"{object_word(object_).capitalize()} do not sync."
    return f"{object_word(object_).capitalize()} sync {DIRECTIONS.get(sync.get('direction') or '', 'one way')}."


def _say_key(object_: str, sync: Mapping[str, Any]) -> str:
    if sync.get("match_mode") == "own_field":
        fields = f"{sync.get('match_hubspot')} of HubSpot and {sync.get('match_dynamics')} of Dynamics"
        return f"Recognised by the fields {fields}."
    if object_ in (Object.DEAL, Object.INVOICE) or sync.get("match_mode") == "none":
        return "Not matched: each record is created on the other side."
    return f"Recognised by its {'name' if object_ == Object.COMPANY else 'e-mail address'}."


def _say_why(row: Row) -> str:
    if row["reason"] is not None:
        return str(REASONS.get(row["reason"], row["reason"]))
    if row["outcome"] == Outcome.SHADOWED and row["rule_id"] in SHADOWED_REASONS:
        return f"stays behind, since {SHADOWED_REASONS[row['rule_id']]}"
    return str(OUTCOME_MEANINGS.get(row["outcome"], row["outcome"]))
