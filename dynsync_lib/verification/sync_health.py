"""The first 48 hours after the go-live: what each of Sync Health's three lists should hold, and what to look at.

Facts
    * Sync Health counts in sync, excluded and failing records. A shadowed record is in none of its lists, or counts as
      in sync with another one: here it stands under excluded, as in a forecast.
    * A row is one outcome and reason of one object on one side: how many records the forecast put there, and what the
      receipt says of them.

Source: docs/verification.md; product research section 4, item 17.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from dynsync_lib.core.model import HEALTH, Health, Outcome, Reason
from dynsync_lib.core.tables import Column, Table
from dynsync_lib.verification.causes import CAUSES, MISSES

WATCH_LIST: Final = Table(
    "watch_list",
    "one outcome and reason of one object on one side",
    (
        Column("health", "text", "the list of Sync Health: in_sync, excluded or failing"),
        Column("system", "text", "hubspot or dynamics"),
        Column("object", "text", "contact, company, lead, deal or invoice"),
        Column("predicted", "text", "the outcome of the forecast"),
        Column("predicted_reason", "text", "its reason; null when the outcome has none"),
        Column("records", "integer", "records that the forecast put here"),
        *(Column(cause, "integer", f"of these, by the receipt: {cause.replace('_', ' ')}") for cause in CAUSES),
        Column("look_at", "text", "what to look at in the first 48 hours"),
    ),
    ("health", "system", "object", "predicted", "predicted_reason"),
)
_ORDER: Final = {health: number for number, health in enumerate(Health)}
_BY_OUTCOME: Final = {
    Outcome.CREATE: "Each has a new counterpart on the other side, and no second one.",
    Outcome.UPDATE: "The overwritten fields hold what the conflict winner had; nobody works from the old value.",
    Outcome.LINK: "Nothing was written in them.",
    Outcome.SHADOWED: "Sync Health does not list them: they stay without counterpart until the double is merged.",
    Outcome.EXCLUDED: "They stay without counterpart.",
    Outcome.FAILING: "Correct the record at its source; it is tried again by itself.",
}
_BY_REASON: Final = {
    Reason.FILTER: "Listed under the filter. Changing the filter starts the initial sync again.",
    Reason.NO_EMAIL: "Listed as without e-mail. They come when they get an address.",
    Reason.INVALID_EMAIL: "Correct the address; it is tried again by itself.",
    Reason.EMAIL_CONFLICT: "Another contact has the address: merge the two, or take the address from one.",
    Reason.INACTIVE_READONLY: "Dynamics takes no write to inactive rows: activate the row, or leave it.",
    Reason.PRIVILEGE: "Give the sync's user the right; all of them are tried again.",
}
_DOUBTED: Final = "Look at the misses first: the rule of each is named in the receipt."


def watch_list(receipt: Path) -> list[dict[str, Any]]:
    """The rows of WATCH_LIST out of the Parquet file of a receipt, in order of the three lists. Reads it once."""
    table = pq.read_table(receipt, columns=["system", "object", "predicted", "predicted_reason", "cause"])
    names = table.column_names
    grouped = table.group_by(names).aggregate([([], "count_all")]).to_pylist()
    counts: dict[tuple[str, str, str, str | None], Counter[str]] = {}
    for row in grouped:
        key = (row["system"], row["object"], row["predicted"], row["predicted_reason"])
        counts.setdefault(key, Counter())[row["cause"]] += row["count_all"]
    return watch_rows(counts)


def watch_rows(counts: Mapping[tuple[str, str, str, str | None], Counter[str]]) -> list[dict[str, Any]]:
    """The rows of WATCH_LIST in order of the three lists; `counts` has, by system, object, outcome and reason, how many
    records there are of each cause. Before the sync all are of none, under another name.
    """
    later = WATCH_LIST.order[1:]
    rows = [_row(*key, counted) for key, counted in counts.items()]
    return sorted(rows, key=lambda row: (_ORDER[row["health"]], *(str(row[name] or "") for name in later)))


def _row(system: str, object_: str, predicted: str, reason: str | None, counted: Counter[str]) -> dict[str, Any]:
    outcome = Outcome(predicted)
    sentence = _BY_REASON.get(Reason(reason), _BY_OUTCOME[outcome]) if reason else _BY_OUTCOME[outcome]
    misses = sum(counted[cause] for cause in MISSES)
    return {
        "health": HEALTH[outcome],
        "system": system,
        "object": object_,
        "predicted": predicted,
        "predicted_reason": reason,
        "records": sum(counted.values()),
        **{cause: counted[cause] for cause in CAUSES},
        "look_at": f"{_DOUBTED} {sentence}" if misses else sentence,
    }
