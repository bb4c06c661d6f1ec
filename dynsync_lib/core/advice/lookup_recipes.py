"""Lookups cannot sync; this says, column by column, what text column to put in their place.

Facts
    * What a lookup shows is the name of the record it points to: of an account, a contact, a user, as far as the
      snapshot holds it. What points elsewhere has no label here.
    * A text column that holds the label in at least nine of ten filled records can be mapped as it stands (5.6).
    * A name in an exported file that means no single exported record fills the lookup all the same.
    * The copy does not follow when the record is renamed: the more records share one label, the more go stale.

Not modelled
    * Labels of currencies, teams and custom tables, which the snapshot does not hold; nor those of unresolved names.

Source: rule field.lookup-blocked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.catalogue import Field
from dynsync_lib.core.fields.verdicts import kind_of
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation, stack
from dynsync_lib.core.tables import UNRESOLVED_LOOKUPS, record_table
from dynsync_lib.listing import counted

_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "account": ("dynamics/accounts", "name"),
    "contact": ("dynamics/contacts", "fullname"),
    "lead": ("dynamics/leads", "fullname"),
    "opportunity": ("dynamics/opportunities", "name"),
    "invoice": ("dynamics/invoices", "name"),
    "systemuser": ("dynamics/users", "fullname"),
}
"""Where the label of what a lookup points to stands."""
_SAME: Final = 0.9
_FEWEST_LABELS: Final = 2
"""One label alone may stand in a text column by chance."""
_LENGTH_STEP: Final = 50
_SHORTEST: Final = 100
_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class LookupRecipe:
    """One lookup column and what to put in its place.

    Counts are records of its table; None when the snapshot lacks the column. `labelled` are filled records whose label
    is known, `unresolved` those that an exported file fills with a name that means no single exported record,
    `longest` is in characters, `most_shared` is how many records share the most frequent label.
    `same_values_in` is a text column that holds the labels already. `text_column` and `hubspot_property` are proposed
    internal names, `text_length` the proposed length.
    """

    object: Object
    column: str
    label: str
    targets: tuple[str, ...]
    is_mapped: bool
    records: int | None
    filled: int | None
    labelled: int | None
    unresolved: int | None
    distinct: int | None
    longest: int | None
    most_shared: int | None
    same_values_in: str | None
    text_column: str
    text_length: int
    hubspot_property: str

    @property
    def fill_rate(self) -> float | None:
        """Filled records divided by all, 0 to 1; None when not counted."""
        return None if self.filled is None else self.filled / max(self.records or 0, 1)

    @property
    def staleness(self) -> str:
        """How badly the copy ages, in words."""
        if not self.labelled:
            return "How often the label changes cannot be told from the snapshot."
        if (self.most_shared or 0) > 1:
            return f"Renaming one of the records it points to leaves up to {self.most_shared:,} texts out of date."
        return "Each label stands in one record, so a rename leaves one text out of date."

    @property
    def text(self) -> str:
        """The whole recipe in sentences."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.same_values_in is not None:
            yield f"The text column {self.same_values_in} holds the same values already: map that one."
        else:
            yield (
                f"Add the text column {self.text_column} ({self.text_length} characters) in Dynamics, let a flow keep "
                f"the label of {self.column} in it, and map it one way to a HubSpot text property "
                f"{self.hubspot_property}."
            )
        if self.filled is None:
            yield "The snapshot lacks the lookup, so nothing was counted."
            return
        yield f"Filled in {self.filled:,} of {counted(self.records or 0, 'record', 'records')}."
        if self.labelled:
            yield f"Different labels: {self.distinct:,}; the longest has {self.longest} characters."
            yield from self._unlabelled()
        elif self._missing:
            yield "The snapshot does not hold the labels."
        yield from self._nameless()
        yield self.staleness

    @property
    def _missing(self) -> int:
        return (self.filled or 0) - (self.labelled or 0) - (self.unresolved or 0)

    def _unlabelled(self) -> Iterator[str]:
        if self._missing:
            records = "record" if self._missing == 1 else "records"
            yield f"Of {self._missing:,} more {records} the label is not in the snapshot."

    def _nameless(self) -> Iterator[str]:
        if self.unresolved:
            records = "record holds a name that means" if self.unresolved == 1 else "records hold names that mean"
            yield f"{self.unresolved:,} {records} no single exported record: not checked, neither labels nor lengths."


def find_recipes(situation: Situation, objects: Iterable[Object]) -> list[LookupRecipe]:
    """A recipe for every lookup column of the objects, by object and name."""
    return [
        recipe_of(Job(situation, object_), column)
        for object_ in objects
        for column in _columns(Job(situation, object_))
        if kind_of(column, situation.rulebook) == "lookup"
    ]


def recipe_of(job: Job, column: Field) -> LookupRecipe:
    """The recipe for one lookup column."""
    delivered = f"_{column.name}_value"
    is_there = delivered in job.columns(System.DYNAMICS)
    counts = _count(job, column, delivered) if is_there else _Counts()
    return LookupRecipe(
        job.object,
        column.name,
        column.label,
        column.targets,
        is_mapped=any(mapping.dynamics == column.name for mapping in job.sync.mappings),
        records=counts.records,
        filled=counts.filled,
        labelled=counts.labelled,
        unresolved=counts.unresolved,
        distinct=counts.distinct,
        longest=counts.longest,
        most_shared=counts.most_shared,
        same_values_in=counts.same_values_in,
        text_column=text_column_of(column.name),
        text_length=_new_length(job.situation, column, counts.longest),
        hubspot_property=f"dynamics_{column.name}",
    )


def labels_of_records(job: Job, column: Field) -> Frame:
    """id, shown: the label that a lookup shows in each record that has one and whose label is in the snapshot."""
    delivered = f"_{column.name}_value"
    if delivered not in job.columns(System.DYNAMICS):
        return job.records(System.DYNAMICS).head(0).select("id", shown="id")
    table = job.records(System.DYNAMICS).select("id", points_to=typed_values.trimmed(nw.col(delivered)))
    labelled = table.join(_labels(job.situation, column.targets), on="points_to")
    return labelled.select("id", "shown").filter(~nw.col("shown").is_null())


@dataclass(frozen=True, slots=True)
class _Counts:
    records: int | None = None
    filled: int | None = None
    labelled: int | None = None
    unresolved: int | None = None
    distinct: int | None = None
    longest: int | None = None
    most_shared: int | None = None
    same_values_in: str | None = None


def _columns(job: Job) -> Iterator[Field]:
    for name in job.situation.catalogue.names(System.DYNAMICS, job.object):
        column = job.situation.catalogue.find(System.DYNAMICS, job.object, name)
        if column is not None:
            yield column


def text_column_of(name: str) -> str:
    """The name of the text column for a lookup.

    A custom column keeps its publisher's prefix, a standard one gets the default prefix.
    """
    return f"{name}_text" if "_" in name else f"new_{name}_text"


def _new_length(situation: Situation, column: Field, longest: int | None) -> int:
    """Room for the longest label there is, and for every label the target may get."""
    needed = [_SHORTEST, longest or 0, *_lengths_of_labels(situation, column)]
    steps = -(-max(needed) // _LENGTH_STEP)
    return min(steps * _LENGTH_STEP, _LONGEST)


def _lengths_of_labels(situation: Situation, column: Field) -> Iterator[int]:
    known = {"account": Object.COMPANY, "contact": Object.CONTACT, "lead": Object.LEAD, "opportunity": Object.DEAL}
    for target in column.targets:
        if target in known and target in _LABELS:
            label = situation.catalogue.find(System.DYNAMICS, known[target], _LABELS[target][1])
            if label is not None and label.length is not None:
                yield label.length


def _count(job: Job, column: Field, delivered: str) -> _Counts:
    texts = _text_columns(job)
    table = job.records(System.DYNAMICS)
    asked = table.select(points_to=typed_values.trimmed(nw.col(delivered)), **{name: nw.col(name) for name in texts})
    labels = _labels(job.situation, column.targets)
    shown = job.keep(asked.join(labels, on="points_to", how="left"), f"{job.object}_{column.name}_labels")
    shares = shown.filter(~nw.col("shown").is_null()).group_by("shown").agg(records=nw.len())
    longest = nw.col("shown").str.len_chars().max()
    row = shown.select(
        records=nw.len(), filled=nw.col("points_to").count(), labelled=nw.col("shown").count(), longest=longest
    )
    records, filled, labelled, length = row.collect().rows()[0]
    distinct, most = shares.select(distinct=nw.len(), most=nw.col("records").max()).collect().rows()[0]
    unresolved = _count_unresolved(job, column)
    same = _same_values(shown, texts, filled + unresolved) if (distinct or 0) >= _FEWEST_LABELS else None
    return _Counts(records, filled + unresolved, labelled, unresolved, distinct, length, most, same)


def _count_unresolved(job: Job, column: Field) -> int:
    """Records whose lookup an exported file fills with a name that means no single exported record; it reads null."""
    if UNRESOLVED_LOOKUPS.name not in job.situation.tables:
        return 0
    mine = {"system": System.DYNAMICS.value, "object": job.object.value, "field": column.name}
    names = job.situation.tables[UNRESOLVED_LOOKUPS.name].filter(*(nw.col(key) == mine[key] for key in mine))
    return int(names.select(count=nw.len()).collect().item())


def _text_columns(job: Job) -> list[str]:
    there = job.columns(System.DYNAMICS)
    fields = [field for field in _columns(job) if field.name in there]
    return [field.name for field in fields if kind_of(field, job.situation.rulebook) == "text"]


def _labels(situation: Situation, targets: Iterable[str]) -> Frame:
    """points_to (id), shown (trimmed label) of every record that lookups with these targets may point to."""
    known = [_LABELS[target] for target in targets if target in _LABELS]
    parts = [
        situation.tables[name].select(points_to="id", shown=typed_values.trimmed(nw.col(label)))
        for name, label in known
        if name in situation.tables and label in situation.tables[name].collect_schema().names()
    ]
    if not parts:
        anyone = situation.tables[record_table(Object.COMPANY, System.DYNAMICS).name].head(0)
        return anyone.select(points_to="id", shown="id")
    return stack(parts)


def _same_values(shown: Frame, texts: list[str], filled: int) -> str | None:
    """The text column that holds the label most often, if it does so in nearly all filled records."""
    if not texts:
        return None
    same = {name: (typed_values.trimmed(nw.col(name)) == nw.col("shown")).cast(nw.Int64).sum() for name in texts}
    row = shown.select(**same).collect().rows(named=True)[0]
    best = max(sorted(texts), key=lambda name: row[name] or 0)
    return best if (row[best] or 0) >= _SAME * filled else None
