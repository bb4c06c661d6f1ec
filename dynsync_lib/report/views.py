"""The tables of the report, each made of one table of the forecast.

Facts
    * Long tables are grouped by what a reader asks: fields, kinds of association, groups of one key.
    * Each table says its whole number of rows; the rows themselves are in the forecast's files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from dynsync_lib.core.model import ChangeKind, Outcome
from dynsync_lib.report.charts import outcome_grid, read_bars
from dynsync_lib.report.frames import ForecastFrames, Row, count_outcomes, count_rows, read_table, rows_of
from dynsync_lib.report.pieces import Piece
from dynsync_lib.report.tables import Badge, Grid, Head, show_table
from dynsync_lib.report.words import (
    DIRECTIONS,
    LINK_STATUSES,
    NAME_REASONS,
    OUTCOMES,
    REASONS,
    SEVERITIES,
    VERDICTS,
    counted,
    object_rank,
    object_word,
    records_word,
    system_word,
)

_GROUP: Final = ["system", "object", "match_key"]


def outcome_table(forecast: ForecastFrames) -> Piece:
    """One row per kind of record and side, one column per outcome."""
    return show_table(outcome_grid(read_bars(count_outcomes(forecast))))


def reason_table(forecast: ForecastFrames) -> Piece:
    """Why records stay out or fail: one row per side, object, outcome and reason."""
    told = [row for row in count_outcomes(forecast) if row["reason"] is not None or row["outcome"] == Outcome.SHADOWED]
    told.sort(key=lambda row: (list(OUTCOMES).index(row["outcome"]), -row["count"], object_rank(row["object"])))
    rows = [
        [records_word(row["object"], row["system"]), OUTCOMES[row["outcome"]], _why(row), row["count"]] for row in told
    ]
    heads = [Head("Records"), Head("Outcome"), Head("Because"), Head("Count", "number")]
    return show_table(Grid("Why records stay out or fail", heads, rows, unit="reasons", empty="None does."))


def _why(row: Row) -> str:
    if row["reason"] is None:
        return "an earlier record has the same e-mail address or name"
    return REASONS.get(row["reason"], row["reason"])


def findings_table(forecast: ForecastFrames) -> Piece:
    """Every finding, worst first; what could not be checked stands last, in grey."""
    order = list(SEVERITIES)
    told = sorted(rows_of(read_table(forecast, "findings")), key=lambda row: (order.index(row["severity"]), row["check_id"]))
    rows = [
        [
            row["check_id"],
            _badge(SEVERITIES, row["severity"]),
            _where(row),
            _whole(row["count"]),
            row["share"],
            row["sentence"],
            row["fix"],
            row["rule_id"],
        ]
        for row in told
    ]
    heads = [
        Head("Check"),
        Head("Severity"),
        Head("Where"),
        Head("Count", "number"),
        Head("Share", "share"),
        Head("What was found"),
        Head("What to do"),
        Head("Rule", "code"),
    ]
    note = "Not checked means that the forecast cannot know it. It is never a pass."
    empty = "No audit rule had anything to say."
    return show_table(Grid("Findings", heads, rows, unit="findings", note=note, empty=empty))


def _where(row: Row) -> str:
    if row["object"] is None:
        return system_word(row["system"])
    if row["system"] is None:
        return object_word(row["object"]).capitalize()
    return records_word(row["object"], row["system"])


def mapping_table(forecast: ForecastFrames) -> Piece:
    """Every field mapping with its verdict, worst first."""
    order = list(VERDICTS)
    told = sorted(
        rows_of(read_table(forecast, "mapping")),
        key=lambda row: (order.index(row["verdict"]), object_rank(row["object"]), row["hubspot_field"]),
    )
    rows = [
        [
            object_word(row["object"]).capitalize(),
            row["hubspot_field"],
            row["dynamics_field"],
            _badge(VERDICTS, row["verdict"]),
            DIRECTIONS.get(row["allowed_directions"], row["allowed_directions"]),
            " ".join(text for text in (row["reason"], row["workaround"]) if text) or "",
            _whole(row["rows_affected"]),
        ]
        for row in told
    ]
    heads = [
        Head("Records"),
        Head("HubSpot property", "code"),
        Head("Dynamics column", "code"),
        Head("Verdict"),
        Head("Flows"),
        Head("Why, and what to do instead"),
        Head("Records concerned", "number"),
    ]
    return show_table(Grid("Field mappings", heads, rows, unit="mappings", empty="No field is mapped."))


def links_table(forecast: ForecastFrames) -> Piece:
    """What becomes of associations: one row per kind and fate."""
    counts = count_rows(read_table(forecast, "links"), ["from_system", "from_object", "to_object", "status"])
    rows = [
        [
            f"{records_word(row['from_object'], row['from_system'])} to {object_word(row['to_object'], row['from_system'])}",
            LINK_STATUSES.get(row["status"], row["status"]),
            row["count"],
        ]
        for row in rows_of(counts)
    ]
    heads = [Head("Association"), Head("What becomes of it"), Head("Count", "number")]
    empty = "The data holds no associations."
    return show_table(Grid("Associations", heads, rows, unit="kinds", empty=empty))


def changes_table(forecast: ForecastFrames) -> Piece:
    """What is written into matched records: one row per field and side, most overwritten first."""
    changes = read_table(forecast, "changes")
    told = rows_of(_count_changes(changes)) if len(changes) else []
    told.sort(key=lambda row: (-row["overwritten"], -row["filled"], row["target_system"], row["target_field"]))
    rows = [
        [
            records_word(row["object"], row["target_system"]),
            row["target_field"],
            row["source_field"],
            row["overwritten"],
            row["stale"],
            row["filled"],
            row["skipped"],
        ]
        for row in told
    ]
    heads = [
        Head("Written into"),
        Head("Field", "code"),
        Head("Taken from", "code"),
        Head("Overwritten", "number"),
        Head("by an older record", "number"),
        Head("Filled", "number"),
        Head("Skipped", "number"),
    ]
    note = "Filled: was empty. Overwritten: had another value. Skipped: a choice without a partner; nothing is written."
    empty = "No field of a matched record changes."
    return show_table(Grid("Fields written", heads, rows, unit="fields", note=note, empty=empty))


def _count_changes(changes: pd.DataFrame) -> pd.DataFrame:
    skipped = changes["note"].eq("value_skipped").fillna(False)
    overwritten = changes["kind"].eq(ChangeKind.OVERWRITE).fillna(False) & ~skipped
    marks = {
        "overwritten": overwritten,
        "stale": overwritten & changes["note"].eq("stale_winner").fillna(False),
        "filled": changes["kind"].eq(ChangeKind.FILL).fillna(False) & ~skipped,
        "skipped": skipped,
    }
    by = ["object", "target_system", "target_field", "source_field"]
    counts = changes[by].assign(**{name: mark.astype(int) for name, mark in marks.items()})
    return counts.groupby(by, dropna=False, sort=True)[list(marks)].sum().reset_index()


def collisions_table(forecast: ForecastFrames, *, limit: int = 50) -> Piece:
    """Groups of records that share a key: the biggest first, who wins, and what the others differ in."""
    collisions = read_table(forecast, "collisions")
    sizes = count_rows(collisions, _GROUP).sort_values(["count", *_GROUP], ascending=[False, True, True, True])
    shown = sizes.head(limit)
    members = collisions.merge(shown[_GROUP], on=_GROUP) if len(shown) else collisions.head(0)
    rows = [_collision_row(row, members) for row in rows_of(shown)]
    heads = [
        Head("Shared key"),
        Head("Records"),
        Head("Count", "number"),
        Head("Keeps the key", "code"),
        Head("Left out", "code"),
        Head("They differ in"),
    ]
    empty = "No two records of one system share a key."
    return show_table(Grid("Records that share a key", heads, rows, "groups", total=len(sizes), limit=limit, empty=empty))


def _collision_row(row: Row, members: pd.DataFrame) -> list[Any]:
    group = [one for one in rows_of(members[members["match_key"] == row["match_key"]]) if _same_side(one, row)]
    group.sort(key=lambda one: one["position"] or 0)
    losers = [one["record_id"] for one in group if not one["is_winner"]]
    differs = sorted({name for one in group if one["differs_in"] for name in one["differs_in"].split(";")})
    left_out = ", ".join(losers[:3]) + (f" and {len(losers) - 3:,} more" if len(losers) > 3 else "")
    return [
        row["match_key"],
        records_word(row["object"], row["system"]),
        row["count"],
        next((one["record_id"] for one in group if one["is_winner"]), None),
        left_out or None,
        ", ".join(differs) or "nothing that is mapped",
    ]


def _same_side(one: Row, other: Row) -> bool:
    return (one["system"], one["object"]) == (other["system"], other["object"])


def near_names_table(forecast: ForecastFrames, *, limit: int = 100) -> Piece:
    """Pairs of companies that are alike by name and will not match: the most alike first."""
    pairs = read_table(forecast, "near_names")
    shown = pairs.sort_values(["score", "hubspot_id", "dynamics_id"], ascending=[False, True, True]).head(limit)
    rows = [
        [
            row["hubspot_name"],
            row["dynamics_name"],
            NAME_REASONS.get(row["reason"], row["reason"]),
            row["score"],
            (row["corroboration"] or "").replace(";", ", ") or "nothing",
        ]
        for row in rows_of(shown)
    ]
    heads = [
        Head("HubSpot company"),
        Head("Dynamics account"),
        Head("Differs in"),
        Head("Likeness", "number"),
        Head("What else agrees"),
    ]
    caption = "Company names that are alike and will not match"
    note = "Only equal names match. This list is advice: the forecast counts these companies as not matched."
    return show_table(
        Grid(caption, heads, rows, "pairs", total=len(pairs), limit=limit, note=note, empty="No such pair was found.")
    )


def assumptions_table(forecast: ForecastFrames) -> Piece:
    """The open questions of the forecast: what was assumed, and how many records move under each other choice."""
    in_force = forecast.info.get("assumptions") or {}
    told = rows_of(read_table(forecast, "sensitivity"))
    told.sort(key=lambda row: (-(row["outcomes_changed"] or 0), row["assumption_id"], row["choice"]))
    rows = [
        [row["assumption_id"], in_force.get(row["assumption_id"]), row["choice"], _whole(row["outcomes_changed"]), _moved(row)]
        for row in told
    ]
    heads = [
        Head("Open question", "code"),
        Head("Assumed", "code"),
        Head("Other choice", "code"),
        Head("Records that move", "number"),
        Head("Of these"),
    ]
    return show_table(Grid("Open questions", heads, rows, unit="choices", empty="No other choice was tried."))


def _moved(row: Row) -> str:
    parts = [part.partition("=") for part in (row["by_object"] or "").split(";") if part]
    return ", ".join(f"{counted(int(count), object_, object_word(object_))}" for object_, _, count in parts)


def _badge(words: Mapping[str, tuple[str, str]], key: str) -> Badge:
    word, tone = words.get(key, (key, "plain"))
    return Badge(word, tone, list(words).index(key) if key in words else len(words))


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
