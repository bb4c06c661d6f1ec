"""Two settings over one snapshot: what the second would additionally create, overwrite and leave out.

Facts
    * Saving the settings of Data Sync starts the initial sync again, so a change is judged by all that it would do.
    * Only what the sync decides is worked out under each, neither sensitivity nor findings.

Where it is used: `kit.diff_settings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.comparison.setting_differences import SettingDifference, compare_settings
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.sync.initial_sync import decide_sync
from dynsync_lib.core.tables import BINDINGS
from dynsync_lib.forecasts.compared_mappings import ComparedMappings, compared_in_each, mappings_of
from dynsync_lib.forecasts.difference import Difference, as_frame, keep_decision, measure_difference
from dynsync_lib.forecasts.earlier_bindings import read_bindings
from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables
from dynsync_lib.forecasts.undelivered import say_undelivered
from dynsync_lib.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS: Final = ("section", "key", "kind", "before", "after", "affects", "sentence")


@dataclass(frozen=True, slots=True)
class SettingsDifference:
    """Two settings. `changes`: what differs in them. `sync`: what the sync does otherwise; None without a snapshot.

    `notes` are sentences to know, such as which tables the snapshot lacks. `mappings` are those of both settings, and
    say which were compared; None without a snapshot.
    """

    changes: Sequence[SettingDifference]
    sync: Difference | None
    notes: Sequence[str] = ()
    mappings: ComparedMappings | None = None

    @property
    def is_any(self) -> bool:
        """Whether the result differs: what the sync does or, without a snapshot to see it by, any setting."""
        return bool(self.changes) if self.sync is None else self.sync.is_any

    @property
    def figures(self) -> dict[str, Any]:
        """Plain values: `same`, `notes`, `settings`, `sync` as `Difference.figures`, and those of `ComparedMappings`.

        Without a snapshot `sync`, `mappings` and `mappings_not_compared` are null.
        """
        nothing_compared: dict[str, Any] = {"mappings": None, "mappings_not_compared": None, "not_checked": []}
        return {
            "same": not self.is_any,
            "notes": list(self.notes),
            "settings": [asdict(change) for change in self.changes],
            "sync": None if self.sync is None else self.sync.figures,
            **(nothing_compared if self.mappings is None else self.mappings.figures),
        }

    @property
    def settings(self) -> pd.DataFrame:
        """One row per setting that differs: section, key, kind, before, after, affects, sentence."""
        return as_frame([asdict(change) for change in self.changes], _COLUMNS)


def compare_two_settings(
    before: Settings,
    after: Settings,
    *,
    rulebook: Rulebook,
    snapshot: Snapshot | None,
    bindings: Path | None,
    work: Path,
) -> SettingsDifference:
    """The difference of two settings and, with a snapshot, of what they do. See `kit.diff_settings`."""
    changes = compare_settings(before, after, rulebook)
    if snapshot is None:
        return SettingsDifference(changes, None)
    notes = list(say_undelivered(snapshot, before, after))
    with open_tables(snapshot, work=work) as engine:
        situation = open_situation(engine, snapshot, before, rulebook)
        if bindings is not None:
            earlier = read_bindings(engine, bindings, work / "earlier")
            situation = replace(situation, tables={**situation.tables, BINDINGS.name: earlier.pairs})
            notes += earlier.notes
        marketing = {name: side.hubspot.sync_as_marketing for name, side in (("before", before), ("after", after))}
        sides = (situation, replace(situation, settings=after, memory={}))
        tables = [keep_decision(side, decide_sync(side)) for side in sides]
        mappings = compared_in_each(*map(mappings_of, sides))
        difference = measure_difference(engine, *tables, marketing=marketing)
    return SettingsDifference(changes, difference, notes, mappings)
