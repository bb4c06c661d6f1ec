"""Every field of a side: in how many records it is filled, with how many different values, how long, which most often.

Facts
    * Values are trimmed, and a blank one is none, as everywhere in the sync.
    * A field whose column was not delivered is not counted: that is not the same as an empty one.
    * Of people, values that may say who they are are hidden; how often each is there is shown.

Source: rule field.missing (5.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.advice.field_facts import delivered_column, show_value
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.job import Job
from dynsync_lib.core.masking import FILLED, Masking, mask_partly
from dynsync_lib.core.model import System

_MOST_VALUES: Final = 3


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """One field of a side and what its records hold.

    `records` are all of the side, `filled` those with a value, `distinct` the different values, `longest` the length of
    the longest one in characters; all None when the column was not delivered, and `longest` when nothing is filled.
    `frequent` are the most frequent values with their records, as they may be shown (None: hidden), at most three; none
    when no value is there twice.
    """

    field: Field
    kind: str | None
    records: int | None
    filled: int | None
    distinct: int | None
    longest: int | None
    frequent: tuple[tuple[str | None, int], ...] = ()


def profile_fields(job: Job, system: System, *, masking: Masking = Masking.PSEUDONYM) -> tuple[FieldProfile, ...]:
    """One entry for every field of a side that the metadata names, by name; values of people as `masking` shows them.

    Computes: one pass over the side's table, and one over each column in which a value is there twice.
    """
    catalogue, rulebook = job.situation.catalogue, job.situation.rulebook
    names = catalogue.names(system, job.object)
    fields = [field for name in names if (field := catalogue.find(system, job.object, name)) is not None]
    columns = {field.name: column for field in fields if (column := delivered_column(job, system, field.name))}
    counts = _count(job, system, list(columns.values()))
    level = masking if job.is_about_persons else Masking.NONE
    profiles = []
    for field in fields:
        kind, column = kind_of(field, rulebook), columns.get(field.name)
        if column is None:
            profiles.append(FieldProfile(field, kind, None, None, None, None))
            continue
        records, filled, distinct, longest = counts[column]
        values = _frequent(job, system, column) if distinct < filled else []
        shown = tuple((_shown(value, field, kind, level), count) for value, count in values)
        profiles.append(FieldProfile(field, kind, records, filled, distinct, longest, shown))
    return tuple(profiles)


def _shown(value: str, field: Field, kind: str | None, level: Masking) -> str | None:
    is_hidden = level is not Masking.NONE
    shown: str | None = show_value(value, field, kind, is_hidden=is_hidden)
    if not is_hidden or shown != FILLED:
        return shown
    partly = mask_partly(value) if level is Masking.PARTIAL else None
    return None if partly == FILLED else partly


def _count(job: Job, system: System, columns: Sequence[str]) -> dict[str, tuple[int, int, int, int | None]]:
    """By column: all records, filled ones, different values, characters of the longest."""
    asked: dict[str, nw.Expr] = {"records": nw.len()}
    texts = {f"v{number}": job.text(system, column) for number, column in enumerate(columns)}
    for name in texts:
        asked[f"filled_{name}"] = nw.col(name).count()
        asked[f"distinct_{name}"] = nw.col(name).n_unique()
        asked[f"longest_{name}"] = nw.col(name).str.len_chars().max()
    row: dict[str, Any] = dict(job.records(system).select("id", **texts).select(**asked).collect().rows(named=True)[0])
    counts = {}
    for name, column in zip(texts, columns, strict=True):
        records, filled = int(row["records"]), int(row[f"filled_{name}"])
        blank = 1 if filled < records else 0  # engines count the blank as a value of its own
        longest = row[f"longest_{name}"]
        distinct = int(row[f"distinct_{name}"]) - blank
        counts[column] = (records, filled, distinct if filled else 0, None if longest is None else int(longest))
    return counts


def _frequent(job: Job, system: System, column: str) -> list[tuple[str, int]]:
    """The most frequent values of a column with their records; of equally frequent ones the first by the alphabet."""
    values = job.records(system).select(value=job.text(system, column)).filter(~nw.col("value").is_null())
    counted = values.group_by("value").agg(records=nw.len())
    first = counted.sort("records", "value", descending=[True, False]).head(_MOST_VALUES).collect()
    return [(str(value), int(count)) for value, count in first.select("value", "records").rows()]
