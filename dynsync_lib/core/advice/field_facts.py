"""What a side's fields hold: in how many records each is filled, some values of it, and how often each option is there.

Facts
    * Fields are those of the metadata; one whose column was not delivered is not counted.
    * Samples come from the first records by `api_rank`. Of people, values that may say who they are are hidden.

Source: rule field.missing (5.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.fields.several_choices import elements
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.job import Job
from dynsync_lib.core.masking import mask_value
from dynsync_lib.core.model import System

SAMPLED_RECORDS: Final = 200
_SAMPLES: Final = 3
_LONGEST: Final = 60
_YES_OR_NO: Final = frozenset({"true", "false", "0", "1"})


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field of a side and what it holds.

    `kind` is None for a type that cannot be mapped. `records` are all of the side, `filled` those with a value; None
    when the column was not delivered. `samples` are different values of the first records, at most three.
    """

    field: Field
    kind: str | None
    records: int | None
    filled: int | None
    samples: tuple[str, ...] = ()

    @property
    def fill_rate(self) -> float | None:
        """Filled records divided by all, 0 to 1; None when not counted or where there are no records."""
        return None if self.filled is None or not self.records else self.filled / self.records


@dataclass(frozen=True, slots=True)
class OptionCount:
    """An option of a choice, or a value that is none (`label` None), and in how many records it stands.

    `records` is None when the column was not delivered.
    """

    value: str
    label: str | None
    records: int | None


def read_field_facts(job: Job, system: System, *, masked: bool = True) -> tuple[FieldFacts, ...]:
    """One entry per field of a side that the metadata names, by name.

    Computes: one pass over the side's table, and one over its first records.
    """
    catalogue, rulebook = job.situation.catalogue, job.situation.rulebook
    names = catalogue.names(system, job.object)
    fields = [field for name in names if (field := catalogue.find(system, job.object, name)) is not None]
    columns = {
        field.name: column for field in fields if (column := delivered_column(job, system, field.name)) is not None
    }
    records, filled = _count(job, system, list(columns.values()))
    rows = _first_rows(job, system, list(columns.values()))
    facts = []
    for field in fields:
        kind, column = kind_of(field, rulebook), columns.get(field.name)
        values = [row[column] for row in rows] if column is not None else []
        samples = _samples(values, field, kind, is_hidden=masked and job.is_about_persons)
        number = None if column is None else filled[column]
        facts.append(FieldFacts(field, kind, None if column is None else records, number, samples))
    return tuple(facts)


def delivered_column(job: Job, system: System, name: str) -> str | None:
    """The column delivered for a field, a lookup's as `_name_value`; None when none was."""
    return next((column for column in (name, f"_{name}_value") if column in job.columns(system)), None)


def _count(job: Job, system: System, columns: Sequence[str]) -> tuple[int, dict[str, int]]:
    """All records, and the filled ones by column."""
    counts = {f"n{number}": job.text(system, column).count() for number, column in enumerate(columns)}
    row = job.records(system).select(nw.len().alias("records"), **counts).collect().rows(named=True)[0]
    return int(row["records"]), {column: int(row[f"n{number}"]) for number, column in enumerate(columns)}


def _first_rows(job: Job, system: System, columns: Sequence[str]) -> list[dict[str, Any]]:
    if not columns:
        return []
    first = job.records(system).filter(nw.col("api_rank") < SAMPLED_RECORDS)
    texts = {column: job.text(system, column) for column in columns}
    return list(first.select("api_rank", **texts).sort("api_rank").collect().rows(named=True))


def _samples(values: Iterable[str | None], field: Field, kind: str | None, *, is_hidden: bool) -> tuple[str, ...]:
    """The first different values; where people are hidden, only names of options and yes or no are shown."""
    different = list(dict.fromkeys(value for value in values if value is not None))[:_SAMPLES]
    return tuple(dict.fromkeys(show_value(value, field, kind, is_hidden=is_hidden) for value in different))


def show_value(value: str, field: Field, kind: str | None, *, is_hidden: bool) -> str:
    """A value as it may be shown, cut where it is long; where people are hidden, options and yes or no alone."""
    return _cut(_harmless(value, field, kind) or (str(mask_value(value)) if is_hidden else value))


def _harmless(value: str, field: Field, kind: str | None) -> str | None:
    """A value that says nothing of who somebody is, as people read it: options by label, yes or no. None for others."""
    if kind == "yes_no" and value in _YES_OR_NO:
        return value
    labels = {option.value: option.label for option in field.options}
    parts = [value] if kind != "several_choices" else [part.strip() for part in re.split("[;,]", value) if part.strip()]
    if any(part not in labels for part in parts):
        return None
    return ", ".join(labels[part] for part in parts)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def count_options(job: Job, judged: JudgedMapping, system: System) -> tuple[OptionCount, ...]:
    """How often each option of a mapped choice is there, in the order of the metadata; then values that are no option.

    Empty when the mapping is not one of choices. Computes: one pass over the side's table.
    """
    field = judged.fields[system]
    if field is None or not judged.pairs_options():
        return ()
    if system not in judged.delivered:
        return tuple(OptionCount(option.value, option.label, None) for option in field.options)
    counts = _option_counts(job, judged, system, field)
    known = [OptionCount(option.value, option.label, counts.pop(option.value, 0)) for option in field.options]
    rest = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return (*known, *(OptionCount(value, None, records) for value, records in rest))


def _option_counts(job: Job, judged: JudgedMapping, system: System, field: Field) -> dict[str, int]:
    value = job.text(system, judged.columns[system])
    if judged.kinds[system] != "several_choices":
        counted = job.records(system).select(value=value).group_by("value").agg(records=nw.len()).collect()
        return {
            str(text): int(number) for text, number in counted.select("value", "records").rows() if text is not None
        }
    held = elements(value, system)
    tests = {
        f"n{number}": held.str.contains(f";{option.value};", literal=True).cast(nw.Int64).sum()
        for number, option in enumerate(field.options)
    }
    row = job.records(system).select(**tests).collect().rows()[0] if tests else ()
    return {option.value: int(number or 0) for option, number in zip(field.options, row, strict=True)}
