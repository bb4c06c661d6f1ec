"""Trials and what came of them as rows: what the portal did, what the forecast says, and whether the two differ.

Facts
    * A value that was taken and is read back as another text is changed. Numbers, dates and moments that are written
      differently and are the same, and addresses that differ in case, are no difference.
    * Nothing differs where the forecast says that the value is never written.

Where it is used: `kit.trials`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from dynsync_lib.core.keys import email_key, trim
from dynsync_lib.rehearsal.mapping_trial.edge_values import is_address
from dynsync_lib.rehearsal.mapping_trial.trials import ACCEPTED, NOT_WRITTEN, REFUSED, NotTried, Trial
from dynsync_lib.rehearsal.mapping_trial.tried_values import Outcome, Tried

CHANGED: Final = "changed"
NOT_TRIED: Final = "not_tried"
_MOST_SHOWN: Final = 120
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class MappingTrial:
    """All trials with what came of them.

    `rows`: object, system, field, other_field, edge, value, portal (accepted, changed, refused, not_tried), read_back,
    words (the portal's own, of a refusal), forecast (accepted, refused, not_written), rule_id, differs; one row per
    trial, and one per mapping of which nothing was tried (forecast null). `left` counts records still there.
    """

    rows: tuple[dict[str, Any], ...]
    left: int = 0

    @property
    def differences(self) -> list[dict[str, Any]]:
        """The rows in which portal and forecast differ."""
        return [row for row in self.rows if row["differs"]]


def tell_results(trials: Sequence[Trial], outcome: Outcome, not_tried: Sequence[NotTried]) -> MappingTrial:
    """The rows of all trials, and of what was not tried."""
    rows = [_row(trial, tried, outcome) for trial, tried in zip(trials, outcome.tried, strict=True)]
    return MappingTrial((*rows, *_rows_not_tried(not_tried)), outcome.left)


def _row(trial: Trial, tried: Tried | None, outcome: Outcome) -> dict[str, Any]:
    portal, read_back, words = _portal(trial, tried, outcome)
    return {
        "object": trial.object.value,
        "system": trial.system.value,
        "field": trial.field.name,
        "other_field": trial.other_field,
        "edge": trial.edge.edge,
        "value": _shown(trial.edge.value),
        "portal": portal,
        "read_back": _shown(read_back),
        "words": words,
        "forecast": trial.foretold.verdict,
        "rule_id": trial.foretold.rule_id or None,
        "differs": _differs(trial, portal, read_back),
    }


def _portal(trial: Trial, tried: Tried | None, outcome: Outcome) -> tuple[str, str | None, str | None]:
    """What the portal did, the value it holds, and its words."""
    if tried is None:
        return NOT_TRIED, None, outcome.unusable[(trial.system, trial.table)]
    if tried.refusal is not None:
        return REFUSED, None, f"{tried.refusal.code}: {tried.refusal.message}"
    is_same = (tried.value or "") == (trial.edge.value or "")
    return (ACCEPTED if is_same else CHANGED), tried.value, None


def _differs(trial: Trial, portal: str, read_back: str | None) -> bool:
    if portal == NOT_TRIED or trial.foretold.verdict == NOT_WRITTEN:
        return False
    if portal == REFUSED or trial.foretold.verdict == REFUSED:
        return portal != trial.foretold.verdict
    return portal == CHANGED and not _is_same(trial, read_back or "")


def _is_same(trial: Trial, read_back: str) -> bool:
    """Whether the value read back is the one that was written, as what it is."""
    written, held = trim(trial.edge.value or ""), trim(read_back)
    if is_address(trial.field):
        return email_key(written) == email_key(held)
    if trial.kind == "number":
        return _number(written) == _number(held)
    if trial.kind == "date":
        return written[:10] == held[:10]
    if trial.kind == "datetime":
        return _moment(written) == _moment(held)
    if trial.kind == "several_choices":
        return _parts(written) == _parts(held)
    return written == held


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _moment(text: str) -> datetime | str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _parts(text: str) -> set[str]:
    return {part.strip() for part in text.replace(",", ";").split(";") if part.strip()}


def _shown(text: str | None) -> str | None:
    if text is None or len(text) <= _MOST_SHOWN:
        return text
    return f"{text[:20]}... ({len(text):,} characters)"


def _rows_not_tried(not_tried: Sequence[NotTried]) -> Iterator[dict[str, Any]]:
    for row in not_tried:
        named = {"object": row.object.value, "system": row.system.value, "field": row.field}
        nothing = dict.fromkeys(("edge", "value", "read_back", "forecast", "rule_id"))
        said = {"portal": NOT_TRIED, "words": row.why, "differs": False}
        yield {**named, "other_field": row.other_field, **nothing, **said}
