"""Why something of a forecast cannot be shown by look-alikes, in a sentence.

Where it is used: `rehearsal.planning.sample_search`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.keys import trim
from dynsync_lib.core.lookup_names import is_lookup_type
from dynsync_lib.core.model import Outcome
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.tables import objects_in
from dynsync_lib.rehearsal.planning.field_masks import FieldMasks, Treatment
from dynsync_lib.rehearsal.planning.record_names import Record

_NOBODY: Final = "No record that shows it could be brought along with all that it depends on."
_CAME_OUT: Final[Mapping[str, str]] = {
    Outcome.CREATE: "created",
    Outcome.UPDATE: "matched and changed",
    Outcome.LINK: "matched and unchanged",
}
"""What becomes of a record, where that is not the outcome's own name."""
_BY_TIME: Final = frozenset({"createdon_asc", "modifiedon_desc", "modifiedon_asc"})


@dataclass(slots=True)
class Reasons:
    """What was learnt about items that were not shown; `originals` are the customer's rows that were looked at,
    `look_alikes` what was last made of them."""

    settings: Settings
    masks: FieldMasks
    originals: Mapping[Record, Mapping[str, Any]]
    look_alikes: dict[Record, Mapping[str, Any]] = field(default_factory=dict)
    _by_item: dict[str, str] = field(default_factory=dict)

    def why(self, item: str) -> str:
        """The sentence for an item."""
        return self._by_item.get(item, _NOBODY)

    def note_unwritable(self, reason: str, items: Iterable[str]) -> None:
        """A record can have no look-alike."""
        for item in items:
            self._by_item[item] = reason

    def note_difference(self, record: Record, row: Mapping[str, Any], items: Iterable[str]) -> None:
        """A look-alike came out otherwise; `row` is its row of outcomes."""
        because = self._cause(record)
        came_out = _CAME_OUT.get(row["outcome"], row["outcome"]) if row else "nothing"
        for item in items:
            self._by_item.setdefault(item, f"Its look-alike would be {came_out}: {because}")

    def note_dependents(self, record: Record, culprits: Collection[Record], items: Iterable[str]) -> None:
        """A record depends on others whose look-alikes came out otherwise."""
        others = [culprit for culprit in culprits if culprit != record]
        if others:
            because = self._cause(others[0])
            for item in items:
                self._by_item.setdefault(
                    item, f"It depends on a {others[0].object} that comes out otherwise: {because}"
                )

    def note_unseen(self, record: Record, items: Iterable[str]) -> None:
        """A look-alike holds, and does not show some of what its original does."""
        for item in items:
            self._by_item.setdefault(item, self._why_unseen(record, item))

    def _why_unseen(self, record: Record, item: str) -> str:
        sort = item.partition("/")[0]
        if sort == "change" and item.endswith("/owner_unresolved"):
            return "It turns on an owner who is a team or not there, and cannot be written."
        known = {
            "link": "The association points to a record that is not there, or not in the sample.",
            "question": "Alone with what it depends on, its look-alike does not turn on the question.",
            "collision": "The others with its key can have no look-alikes.",
        }
        return known.get(sort, f"Its look-alike does not show it: {self._cause(record)}")

    def _cause(self, record: Record) -> str:
        """What of a record no look-alike can bring, as the rest of a sentence."""
        by_portal = self._set_by_portal(record)
        filtered = [name for name in by_portal if name in self._filtered(record)]
        if filtered:
            return f"a filter asks {', '.join(filtered)}, which a portal sets itself."
        order = self.settings.assumptions["first_record_order"]
        if order in _BY_TIME:
            return f"the order {order} goes by times that a portal sets itself."
        lost = self._lost(record)
        computed = [name for name, treatment in lost if treatment is Treatment.BLANK]
        if computed:
            return f"a portal works {', '.join(computed)} out itself."
        if lost:
            return f"{lost[0][0]} points to a team, or to what is not there or not in the sample."
        return "what decides about it could not be kept."

    def _lost(self, record: Record) -> list[tuple[str, Treatment]]:
        """The columns that are filled in a record and blank in its look-alike."""
        original, look_alike = self.originals.get(record, {}), self.look_alikes.get(record, {})
        columns = self.masks.columns[record.table].items()
        return [
            (name, masked.treatment)
            for name, masked in columns
            if masked.treatment in (Treatment.BLANK, Treatment.LOOKUP)
            and trim(original.get(name) or "")
            and look_alike.get(name) is None
            and not is_lookup_type(name)
        ]

    def _set_by_portal(self, record: Record) -> list[str]:
        return self.masks.set_by_portal(record.table)

    def _filtered(self, record: Record) -> set[str]:
        filters = [self.settings.sync[object_].filter_of(record.system) for object_ in objects_in(record.kind)]
        return {name for filter_ in filters if filter_ is not None for name in filter_.fields}
