"""The smallest fix set of a forecast, out of its folder and its snapshot: rows for people, and one sentence.

Facts
    * Nothing of it is written at forecast time: the sync is decided again when somebody asks (`core.fix_set`).

Where it is used: `kit.fix_set`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.fix_set.risks import ChangeKind, RecordChange
from dynsync_lib.core.fix_set.smallest_set import FixSet, find_fix_set
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import System
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.tables import Column, Table
from dynsync_lib.errors import UsageError
from dynsync_lib.forecasts.csv_files import replace_list
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.forecast_snapshot import needed_snapshot, situation_of_forecast
from dynsync_lib.forecasts.opened_forecast import open_forecast_tables
from dynsync_lib.listing import counted
from dynsync_lib.record_urls import urls_of_portals

if TYPE_CHECKING:
    import pandas as pd

FIX_COLUMNS: Final = (
    "rank", "system", "object", "record_id", "change", "beside_id", "gain", "gone", "share", "in_set", "url",
)  # fmt: skip
FIX_RANKS: Final = Table(
    "fix_ranks",
    "one change of the fix set",
    (
        *(
            Column(name, "text", "as in a sheet of a worklist")
            for name in ("system", "object", "record_id", "other_id")
        ),
        Column("rank", "integer", "place of the change, the best first"),
        Column("share", "number", "share of the collision risk that is gone up to there"),
    ),
    ("rank",),
)
_STEPS: Final = 10


@dataclass(frozen=True, slots=True)
class Fixes:
    """The changes of a forecast's records that take most of the risk away, the best first.

    At risk are records that lose their key or fail, companies and accounts with names that are alike, and associations
    that are lost with such records. `fix_set` is what was found, `forecast` the folder it is of; `not_checked`
    says in sentences what nobody checked, so that more may be at risk.
    """

    fix_set: FixSet
    forecast: Path
    portals: Mapping[str, Mapping[str, Any]]
    not_checked: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Such as "Fix 61 rows: 94 % of the collision risk is gone (187 of 199)."; what the sync decided again.

        It says so where not everything was checked.
        """
        total, gone = sum(self.fix_set.risks.values()), sum(self.fix_set.cleared.values())
        if not total and self.not_checked:
            return "Nothing to fix is known, but not everything was checked."
        if not total:
            return "Nothing collides, fails or has a near name: there is nothing to fix."
        rows = counted(self.fix_set.size, "row", "rows")
        others = counted(
            self.fix_set.new, "other record loses its key or fails", "other records lose their key or fail"
        )
        new = f" {others} instead." if self.fix_set.new else ""
        part = " Not everything was checked." if self.not_checked else ""
        return f"Fix {rows}: {100 * gone // total} % of the collision risk is gone ({gone:,} of {total:,}).{new}{part}"

    @property
    def by_kind(self) -> list[dict[str, Any]]:
        """What is at risk, by kind: kind, at_risk, gone after the set, and left."""
        return [
            {"kind": kind.value, "at_risk": count, "gone": gone, "left": count - gone}
            for kind, count in sorted(self.fix_set.risks.items())
            for gone in (self.fix_set.cleared.get(kind, 0),)
        ]

    def rows(self) -> list[dict[str, Any]]:
        """One row a change, in order: the columns of `FIX_COLUMNS`. `change` is own_key, values, reactivate or
        same_name; `beside_id` the record that it collides with, or is made alike with; `gain` how many risks it takes
        away at its place, `gone` and `share` how many up to there; `in_set` whether it belongs to the set.
        """
        return list(self._rows())

    def steps(self) -> list[dict[str, Any]]:
        """At most ten rows of the way to the end of the set: how many changes, and which share of the risk is gone."""
        rows = self.rows()[: self.fix_set.size]
        sizes = sorted({round(step * len(rows) / _STEPS) for step in range(1, _STEPS + 1)} - {0})
        return [{"changes": size, "gone": rows[size - 1]["gone"], "share": rows[size - 1]["share"]} for size in sizes]

    def write_csv(self, out: Path) -> None:
        """Writes `rows` as a CSV file, private, whose cells begin no formula; an earlier list there is replaced.

        Raises UsageError when there is anything else.
        """
        replace_list(out, "a list of fixes", FIX_COLUMNS, (list(row.values()) for row in self.rows()))

    def write_ranks(self, out: Path) -> None:
        """Writes a Parquet file of `FIX_RANKS`: what changes, or what the change is for, with the change's place."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        places = zip(self.fix_set.changes, self._rows(), strict=True)
        rows = [(*_ranked(change), row["rank"], row["share"]) for change, row in places]
        columns = list(zip(*rows, strict=True)) or [()] * len(FIX_RANKS.columns)
        types = (*(pa.string() for _ in FIX_RANKS.columns[:-2]), pa.int64(), pa.float64())
        arrays = [pa.array(values, type_) for values, type_ in zip(columns, types, strict=True)]
        pq.write_table(pa.Table.from_arrays(arrays, list(FIX_RANKS.column_names)), out)

    @property
    def table(self) -> pd.DataFrame:
        """`rows` as a frame."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=list(FIX_COLUMNS))

    def _rows(self) -> Iterator[dict[str, Any]]:
        total, urls = sum(self.fix_set.risks.values()), urls_of_portals(self.portals)
        gone = itertools.accumulate(self.fix_set.gains)
        for rank, (change, gain, so_far) in enumerate(
            zip(self.fix_set.changes, self.fix_set.gains, gone, strict=True), 1
        ):
            yield {
                "rank": rank,
                **_record(change),
                "gain": gain,
                "gone": so_far,
                "share": round(so_far / total, 4),
                "in_set": rank <= self.fix_set.size,
                "url": urls.url_of(change.system, change.object, change.record_id),
            }


def _record(change: RecordChange) -> dict[str, Any]:
    return {
        "system": change.system,
        "object": change.object,
        "record_id": change.record_id,
        "change": change.kind.value,
        "beside_id": change.beside,
    }


def _ranked(change: RecordChange) -> tuple[str, str, str, str | None]:
    """The record that people look for when they look for the change: system, object, record_id, other_id.

    Of two names it is the pair, of an inactive record the HubSpot record that waits for it.
    """
    if change.kind is ChangeKind.SAME_NAME:
        pair = (change.record_id, change.beside)
        hubspot_id, dynamics_id = pair if change.system == System.HUBSPOT else pair[::-1]
        return System.HUBSPOT.value, change.object, str(hubspot_id), dynamics_id
    if change.kind is ChangeKind.REACTIVATE:
        return System.HUBSPOT.value, change.object, str(change.beside), None
    return change.system, change.object, change.record_id, None


def find_fixes(
    forecast: Forecast,
    *,
    rulebook: Rulebook,
    keys: KeyMaker,
    share: float,
    snapshot: str | Path | None = None,
    not_checked: tuple[str, ...] = (),
) -> Fixes:
    """The fix set of a forecast; `not_checked` are sentences that go with it.

    Other parameters, errors and cost: see `kit.fix_set`.
    """
    if not 0 < share <= 1:
        raise UsageError(f"A share of {share} cannot be reached.", next_step="Give one above 0, up to 1, such as 0.9.")
    opened = needed_snapshot(forecast, snapshot)
    with open_forecast_tables(forecast) as forecasted:
        situation = situation_of_forecast(
            forecasted.engine, forecast, opened, rulebook, work=forecasted.work / "earlier"
        )
        fix_set = find_fix_set(situation, forecasted.tables, keys, share=share)
    return Fixes(fix_set, forecast.folder, forecast.info.get("portals") or {}, not_checked)
