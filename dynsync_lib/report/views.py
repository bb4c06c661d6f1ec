"""The tables of the report, each made of one table of the forecast.

Facts
    * Long tables are grouped by what a reader asks: fields, kinds of association, groups of one key.
    * Each table says its whole number of rows; the rows themselves are in the forecast's files.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from dynsync_lib.core.model import ChangeKind, Outcome
from dynsync_lib.listing import counted, some_of
from dynsync_lib.report.charts import outcome_grid, read_bars
from dynsync_lib.report.forecast_tables import (
    RECORDS_HIDDEN,
    ForecastTables,
    Row,
    count_outcomes,
    findings_by_severity,
    hides_records,
    is_held_back,
    sum_counts,
)
from dynsync_lib.report.overwrite_heat import overwrite_heatmap
from dynsync_lib.report.pieces import Piece, join, render
from dynsync_lib.report.ranked import assumption_bars
from dynsync_lib.report.tables import Badge, Grid, Head, Lines, show_table
from dynsync_lib.report.wholes import finding_share
from dynsync_lib.report.words import (
    DIRECTIONS,
    NAME_REASONS,
    OUTCOMES,
    REASONS,
    SEVERITIES,
    SHADOWED_REASONS,
    VERDICTS,
    Word,
    object_rank,
    object_word,
    rank_of,
    records_word,
    say_agreements,
    system_word,
    tally,
    word_of,
)

_GROUP: Final = ("system", "object", "match_key")
_MOST_FIELDS: Final = 4
_FIELD: Final = ("object", "target_system", "target_field", "source_field")
_CHANGE_CELLS: Final = ("target_field", "source_field", "overwritten", "stale", "filled", "skipped")
_LIKENESS_NOTE: Final = (
    "Only equal names match. This list is advice: the forecast counts these companies as not matched. "
    "Likeness goes from 0 to 100, signs and accents aside. "
    "Names with two typing errors are found where each is in another word, one of them in a word that 20 names "
    "have. Names that more than 20 accounts are a word or a letter away from are not found."
)


def outcome_table(forecast: ForecastTables) -> Piece:
    """One row per kind of record and side, one column per outcome.

    >>> kit.outcome_table(kit.open_forecast("out/demo/forecast"))
    Outcomes of each kind of record
    """
    return show_table(outcome_grid(read_bars(count_outcomes(forecast)), "Outcomes of each kind of record"))


def reason_table(forecast: ForecastTables) -> Piece:
    """Why records stay out or fail: one row per side, object, outcome and reason.

    >>> kit.reason_table(kit.open_forecast("out/demo/forecast"))
    79 shadowed, 449 excluded, 42 failing
    """
    kept_out = [row for row in count_outcomes(forecast) if row["reason"] is not None]
    kept_out += _shadowed_by_rule(forecast)
    kept_out.sort(key=lambda row: (rank_of(row["outcome"], OUTCOMES), -row["count"], object_rank(row["object"])))
    rows = [
        [
            records_word(row["object"], row["system"]),
            OUTCOMES.get(row["outcome"], row["outcome"]),
            _why(row),
            row["count"],
        ]
        for row in kept_out
    ]
    heads = [Head("Records"), Head("Outcome"), Head("Because"), Head("Count", "number")]
    sums = [(outcome, sum(row["count"] for row in kept_out if row["outcome"] == outcome)) for outcome in OUTCOMES]
    caption = ", ".join(f"{count:,} {OUTCOMES[outcome].lower()}" for outcome, count in sums if count)
    return show_table(Grid(caption, heads, rows, unit="reasons", empty="No record stays out, and none fails."))


def _shadowed_by_rule(forecast: ForecastTables) -> list[Row]:
    """Shadowed records by system, object and rule, so that each rule's number is the one that its finding names."""
    counts = forecast.counts("outcomes", ["system", "object", "outcome", "reason", "rule_id"])
    return [row for row in counts if row["outcome"] == Outcome.SHADOWED]


def _why(row: Row) -> str:
    if row["reason"] is None:
        return SHADOWED_REASONS.get(row["rule_id"], "an earlier record has the same e-mail address or name")
    return REASONS.get(row["reason"], row["reason"])


def findings_table(forecast: ForecastTables) -> Piece:
    """Every finding, worst first; what could not be checked stands last, in grey.

    >>> kit.findings_table(kit.open_forecast("out/demo/forecast"))
    51 findings: 2 blockers, 22 high, 16 medium, 4 low, 7 not checked
    """
    findings = findings_by_severity(forecast)
    rows = [_finding_cells(forecast, row) for row in findings]
    heads = [
        Head("Check"),
        Head("Severity"),
        Head("What was found, and what to do"),
        Head("Where"),
        Head("Count", "number"),
        Head("Share", "share"),
        Head("Rule", "rule"),
    ]
    note = "Not checked means that the forecast cannot know it; it is never a pass."
    empty = "No audit rule had anything to say."
    caption = _tally(findings, "severity", SEVERITIES, "finding", "findings")
    return show_table(Grid(caption, heads, rows, unit="findings", note=note, empty=empty))


def _finding_cells(forecast: ForecastTables, row: Row) -> list[Any]:
    return [
        row["check_id"],
        _badge(SEVERITIES, row["severity"]),
        Lines(row["sentence"], row["fix"] or ""),
        _where(row),
        _whole(row["count"]),
        finding_share(forecast, row),
        row["rule_id"],
    ]


def _tally(rows: Sequence[Row], column: str, words: Mapping[str, Word], single: str, many: str) -> str:
    """Such as "25 findings: 1 blocker, 14 high, 4 not checked"."""
    parts = tally(Counter(row[column] for row in rows), words)
    return counted(len(rows), single, many) + (f": {parts}" if parts else "")


def _where(row: Row) -> str:
    if row["object"] is None:
        return system_word(row["system"])
    if row["system"] is None:
        return object_word(row["object"]).capitalize()
    return records_word(row["object"], row["system"])


def mapping_table(forecast: ForecastTables) -> Piece:
    """Every field mapping with its verdict, worst first.

    >>> kit.mapping_table(kit.open_forecast("out/demo/forecast"))
    48 field mappings: 1 blocked, 6 lose detail, 3 one way, 38 work
    """
    mappings = sorted(
        forecast.rows("mapping"),
        key=lambda row: (rank_of(row["verdict"], VERDICTS), object_rank(row["object"]), row["hubspot_field"]),
    )
    rows = [_mapping_cells(row) for row in mappings]
    heads = [
        Head("Records"),
        Head("HubSpot property", "code"),
        Head("Dynamics column", "code"),
        Head("Verdict"),
        Head("Flows"),
        Head("Why, and what to do instead"),
        Head("Records concerned", "number"),
    ]
    caption = _tally(mappings, "verdict", VERDICTS, "field mapping", "field mappings")
    return show_table(Grid(caption, heads, rows, unit="mappings", empty="No field is mapped."))


def _mapping_cells(row: Row) -> list[Any]:
    return [
        object_word(row["object"]).capitalize(),
        row["hubspot_field"],
        row["dynamics_field"],
        _badge(VERDICTS, row["verdict"]),
        DIRECTIONS.get(row["allowed_directions"], row["allowed_directions"]),
        Lines(row["reason"] or "", row["workaround"] or ""),
        _whole(row["rows_affected"]),
    ]


def changes_table(forecast: ForecastTables) -> Piece:
    """What is written into matched records: overwritten fields drawn, then one row per field and side.

    >>> kit.changes_table(kit.open_forecast("out/demo/forecast"))
    527 values are overwritten: 527 in HubSpot and 0 in Dynamics. The first 20 of 31 are drawn. 52 fields of matched ...
    """
    changes = _count_changes(forecast.counts("changes", [*_FIELD, "kind", "note"]))
    changes.sort(key=lambda row: (-row["overwritten"], -row["filled"], row["target_system"], row["target_field"]))
    rows = [
        [records_word(row["object"], row["target_system"]), *(row[name] for name in _CHANGE_CELLS)] for row in changes
    ]
    heads = [
        Head("Written into"),
        Head("Field", "code"),
        Head("Taken from", "code"),
        Head("Overwritten", "number"),
        Head("Of these older", "number"),
        Head("Filled", "number"),
        Head("Skipped", "number"),
    ]
    note = (
        "Filled: was empty. Overwritten: had another value. Older: by a record that was changed earlier. Skipped: a "
        "choice or owner without a partner, or a stage that would go backward; nothing is written."
    )
    empty = "No field of a matched record changes."
    caption = f"{counted(len(rows), 'field of a matched record is', 'fields of matched records are')} written"
    return join(
        overwrite_heatmap(forecast), show_table(Grid(caption, heads, rows, unit="fields", note=note, empty=empty))
    )


def _count_changes(changes: Sequence[Row]) -> list[Row]:
    """One row per field and side, in the order of the fields: how many values are overwritten, filled, skipped."""
    fields = itertools.groupby(changes, key=lambda row: tuple(row[name] for name in _FIELD))
    return [{**dict(zip(_FIELD, field, strict=True)), **_count_kinds(list(group))} for field, group in fields]


def _count_kinds(changes: Sequence[Row]) -> dict[str, int]:
    written = [row for row in changes if not is_held_back(row)]
    overwritten = [row for row in written if row["kind"] == ChangeKind.OVERWRITE]
    return {
        "overwritten": sum_counts(overwritten),
        "stale": sum_counts(row for row in overwritten if row["note"] == "stale_winner"),
        "filled": sum_counts(row for row in written if row["kind"] == ChangeKind.FILL),
        "skipped": sum_counts(changes) - sum_counts(written),
    }


def collisions_table(forecast: ForecastTables, *, limit: int = 50) -> Piece:
    """Groups of records that share a key: the largest `limit` groups, who wins, and what the others differ in.

    A sentence where no records are shown.

    >>> kit.collisions_table(kit.open_forecast("out/demo/forecast"))
    74 groups of records share a key
    """
    if hides_records(forecast):
        return _hidden("Records that share a key")
    total = forecast.count_groups("collisions", _GROUP)
    rows = [_collision_row(row) for row in forecast.shared_keys(limit)]
    heads = [
        Head("Shared key", "name"),
        Head("Records"),
        Head("Count", "number"),
        Head("Keeps the key", "id"),
        Head("Left out", "id"),
        Head("They differ in"),
    ]
    empty = "No two records of one system share a key."
    caption = f"{counted(total, 'group of records shares', 'groups of records share')} a key"
    return show_table(Grid(caption, heads, rows, "groups", total=total, limit=limit, empty=empty))


def _collision_row(row: Row) -> list[Any]:
    losers = row["losers"]
    differs = sorted({name for names in row["differs_in"] or [] for name in names.split(";")})
    return [
        row["match_key"],
        records_word(row["object"], row["system"]),
        row["count"],
        row["winner_id"],
        _first_of(row["first_losers"] or [], losers),
        some_of(differs, _MOST_FIELDS) or "nothing that is mapped",
    ]


def _first_of(ids: Sequence[str], total: int) -> Lines | str | None:
    """Ids and, in words beside them, how many more there are; None where there are none."""
    rest = total - len(ids)
    return Lines(", ".join(ids), f"and {rest:,} more") if rest else ", ".join(ids) or None


def near_names_table(forecast: ForecastTables, *, limit: int = 100) -> Piece:
    """Pairs of a company and an account that may be one firm, the `limit` most alike by name first.

    Where no records are shown, how many pairs there are.

    >>> kit.near_names_table(kit.open_forecast("out/demo/forecast"))
    26 pairs of a company and an account may be one firm and will not match
    """
    total = sum_counts(forecast.counts("near_names", ["reason"]))
    if hides_records(forecast):
        return _hidden(_say_pairs(total))
    shown = forecast.rows("near_names", order=["-score", "hubspot_id", "dynamics_id"], limit=limit)
    rows = [
        [
            row["hubspot_name"],
            row["dynamics_name"],
            NAME_REASONS.get(row["reason"], row["reason"]),
            row["score"],
            say_agreements(row["corroboration"]) or "nothing",
        ]
        for row in shown
    ]
    heads = [
        Head("HubSpot company", "name"),
        Head("Dynamics account", "name"),
        Head("Differs in"),
        Head("Likeness", "number"),
        Head("What else agrees"),
    ]
    empty = "No such pair was found."
    return show_table(
        Grid(_say_pairs(total), heads, rows, "pairs", total=total, limit=limit, note=_LIKENESS_NOTE, empty=empty)
    )


def _say_pairs(total: int) -> str:
    return f"{counted(total, 'pair', 'pairs')} of a company and an account may be one firm and will not match"


def _hidden(says: str) -> Piece:
    """What stands in the place of a table of records where none are shown."""
    return Piece(render("empty", sentence=f"{says}. {RECORDS_HIDDEN}"), says)


def assumptions_table(forecast: ForecastTables) -> Piece:
    """The open questions of the forecast: what was assumed, and how many records move under each other choice.

    >>> kit.assumptions_table(kit.open_forecast("out/demo/forecast"))
    17 of 33 open questions matter for this data; the largest moves 574 records. The ten largest are drawn. 26 of ...
    """
    choices = sorted(
        forecast.rows("sensitivity"),
        key=lambda row: (-(row["outcomes_changed"] or 0), row["assumption_id"], row["choice"]),
    )
    rows = [_choice_cells(forecast.info, row) for row in choices]
    heads = [
        Head("Open question"),
        Head("Assumed", "code"),
        Head("Other choice", "code"),
        Head("Records that move", "number"),
        Head("Of these"),
    ]
    moving = sum(1 for row in choices if row["outcomes_changed"])
    caption = f"{moving:,} of {counted(len(choices), 'other choice moves', 'other choices move')} a record"
    empty = "No other choice was tried." if not choices else "The result is the same under all of them."
    table = show_table(Grid(caption, heads, rows[:moving], unit="choices", empty=empty))
    return join(assumption_bars(forecast), table, _still(rows[moving:]))


def _choice_cells(info: Mapping[str, Any], row: Row) -> list[Any]:
    id_ = row["assumption_id"]
    return [
        _question(id_, info.get("questions") or {}),
        (info.get("assumptions") or {}).get(id_),
        row["choice"],
        _whole(row["outcomes_changed"]),
        _moved(row),
    ]


def _still(rows: Sequence[Sequence[Any]]) -> Piece:
    """The choices that move nothing, folded away; nothing when there is none."""
    if not rows:
        return Piece(Markup(), "")
    caption = f"{counted(len(rows), 'other choice moves', 'other choices move')} no record of this data"
    heads = [Head("Open question"), Head("Assumed", "code"), Head("Other choice", "code")]
    table = show_table(Grid(caption, heads, [row[:3] for row in rows], unit="choices"))
    return Piece(render("folded", title=caption, table=table), "")


def _question(assumption: str, questions: Mapping[str, str]) -> Lines:
    if assumption in questions:
        return Lines(questions[assumption], assumption, is_code=True)
    return Lines("", assumption, is_code=True)


def _moved(row: Row) -> str:
    parts = [part.partition("=") for part in (row["by_object"] or "").split(";") if part]
    return ", ".join(
        counted(int(count), object_, object_word(object_)) for object_, _, count in parts if count.isdecimal()
    )


def _badge(words: Mapping[str, Word], key: str) -> Badge:
    word = word_of(key, words)
    return Badge(word.word, word.tone, rank_of(key, words))


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
