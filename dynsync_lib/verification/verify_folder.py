"""A verification: the receipt of two snapshots and a forecast, its figures, and its folder.

Facts
    * Without a folder nothing stays but the figures. With one, `receipt.parquet` appears when it is whole; an earlier
      verification in its place is replaced, anything else refused.
    * The later snapshot is looked at through the earlier one's metadata, as the forecast was.

Where it is used: `kit`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import Object, System, flows_into
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.tables import LINKS_IN, record_table
from dynsync_lib.engine import Engine
from dynsync_lib.errors import SnapshotError, UsageError
from dynsync_lib.folders.own_folder import Content, FolderKind, is_digest, listed_names
from dynsync_lib.folders.private_files import private_files
from dynsync_lib.folders.replaced_folder import replaced_folder
from dynsync_lib.forecasts.compared_mappings import (
    ComparedMappings,
    compared_in_each,
    mappings_of_rows,
    name_of,
)
from dynsync_lib.forecasts.forecast_folder import Forecast, read_table
from dynsync_lib.forecasts.open_snapshot import open_tables, read_catalogue
from dynsync_lib.shapes import Named, misshapen
from dynsync_lib.small_files import SmallFileError, read_json
from dynsync_lib.snapshot.snapshot import Snapshot
from dynsync_lib.verification.causes import MISSES, Cause
from dynsync_lib.verification.evidence import Evidence
from dynsync_lib.verification.receipt import RECEIPT, build_receipt
from dynsync_lib.verification.sync_health import WATCH_LIST, watch_list
from dynsync_lib.verification.touched_records import Touched, find_touched

if TYPE_CHECKING:
    import pandas as pd

VERIFICATION_FILE: Final = "verification.json"
MOST_MISSES_NAMED: Final = 10_000
"""Misses that the figures name one by one; the receipt names all."""
OF_SNAPSHOTS: Final = ("drift", "mappings", "mappings_not_compared", "not_checked", "nothing_changed")
"""The figures that are of both snapshots as wholes, whichever rows of a receipt are counted."""


def _names_of_verification(content: Content) -> re.Pattern[str] | None:
    """The files that a `verification.json` names; None when it is not that of a verification."""
    digests = (content.get("before_sha256"), content.get("after_sha256"))
    if not (all(map(is_digest, digests)) and isinstance(content.get("by_outcome"), dict)):
        return None
    return listed_names(content, ["receipt.parquet"])


VERIFICATION_FOLDER: Final = FolderKind("a verification", VERIFICATION_FILE, _names_of_verification)


@dataclass(frozen=True, slots=True)
class Verification:
    """How right a forecast was.

    `figures` has records, hits, misses, accuracy (hits of hits and misses, 0 to 1; None when there is neither),
    by_outcome, misses_by_outcome, missed, by_cause, drift; mappings (how many there are), mappings_not_compared
    (object, hubspot_field, dynamics_field of those of which a column was not delivered), not_checked (sentences of
    these) and nothing_changed (whether both snapshots hold the same, so that the sync may not have been on). `folder`
    holds the receipt; None when none was asked for.
    """

    figures: Mapping[str, Any]
    folder: Path | None

    @property
    def receipt(self) -> pd.DataFrame:
        """One row per input record, as `verification.receipt.RECEIPT`. Raises UsageError without a folder."""
        return read_table(self.receipt_path)

    @property
    def receipt_path(self) -> Path:
        """The Parquet file of the receipt. Raises UsageError without a folder."""
        if self.folder is None:
            raise UsageError("This verification was not kept.", next_step="Name a folder for it with `out`.")
        return self.folder / "receipt.parquet"

    @property
    def watch_list(self) -> pd.DataFrame:
        """The first 48 hours by Sync Health's three lists, as `verification.sync_health.WATCH_LIST`; reads the receipt.

        Raises UsageError without a folder.
        """
        import pandas as pd

        return pd.DataFrame(watch_list(self.receipt_path), columns=list(WATCH_LIST.column_names))

    def write_workbook(self, out: str | Path) -> None:
        """Writes figures, the first 48 hours, misses and receipt as an Excel workbook, which is replaced.

        Raises UsageError without a folder.
        """
        from dynsync_lib.verification.receipt_workbook import write_receipt_workbook  # few want one

        write_receipt_workbook(self.receipt_path, self.figures, Path(out))


def open_verification(folder: str | Path) -> Verification:
    """The verification in a folder. Raises SnapshotError when it is none.

    >>> from datetime import UTC, datetime
    >>> moment = datetime(2099, 1, 1, tzinfo=UTC)
    >>> later = kit.load("sample_data/hubspot", "sample_data/dynamics", "out/later", taken_at=moment)
    >>> verified = kit.verify("out/demo/snapshot", later, "out/demo/forecast", out="out/kept")
    >>> kit.open_verification("out/kept").figures["records"]
    3871
    """
    path = Path(folder)
    try:
        info = read_json(path / VERIFICATION_FILE)
    except SmallFileError as fault:
        raise SnapshotError(f"{path} is no verification: {VERIFICATION_FILE} {fault}.", next_step=_AGAIN) from fault
    fault_in_shape = misshapen(info, _FIGURES)
    if fault_in_shape is not None or not (path / "receipt.parquet").is_file():
        why = fault_in_shape or "receipt.parquet is missing"
        raise SnapshotError(f"{path} cannot be used: {why}.", next_step=_AGAIN)
    return Verification(info, path)


_AGAIN: Final = "Verify again with `dynsync verify BEFORE AFTER --forecast DIR --out DIR`."
_FIGURES: Final = {
    "records": int,
    "hits": int,
    "misses": int,
    "by_outcome": Named(Named(int)),
    "misses_by_outcome": Named(int),
    "by_cause": Named(int),
    "drift": Named(int),
    "before_sha256": str,
    "after_sha256": str,
}


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared: two snapshots of the same portals, and the forecast of the earlier one.

    `is_sync_alone`: nobody but the sync works in these portals, as in a rehearsal.
    """

    before: Snapshot
    after: Snapshot
    forecast: Forecast
    is_sync_alone: bool = False


def verify_snapshots(compared: Compared, *, rulebook: Rulebook, out: Path | None, work: Path) -> Verification:
    """The receipt of a forecast by what the later snapshot holds; written to `out` when one is named.

    `work` is a folder for what is needed on the way. Raises UsageError when the snapshots are of different portals or
    in the wrong order, the forecast is of another snapshot, or `out` holds something else.
    """
    refuse_unfit(compared.before, compared.after, compared.forecast)
    if out is None:
        with private_files():
            return Verification(_write_receipt(compared, rulebook, work, work), None)
    with replaced_folder(out, VERIFICATION_FOLDER) as folder:
        figures = _write_receipt(compared, rulebook, folder.new, folder.work)
        info = {
            **figures,
            "taken_at": compared.after.manifest["finished_at"],
            "before_sha256": compared.before.manifest_sha256,
            "after_sha256": compared.after.manifest_sha256,
            "settings_sha256": compared.forecast.info.get("settings_sha256"),
            "files": ["receipt.parquet", VERIFICATION_FILE],
        }
        (folder.new / VERIFICATION_FILE).write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    return Verification(figures, out)


def refuse_unfit(before: Snapshot, after: Snapshot, forecast: Forecast) -> None:
    """Raises UsageError unless the forecast is of `before`, and `after` is a later snapshot of the same portals."""
    for system in System:
        ids = [snapshot.manifest["portals"][system.value]["id"] for snapshot in (before, after)]
        if None not in ids and ids[0] != ids[1]:
            raise UsageError(
                f"{before.path} and {after.path} are of different {system.label} portals, {ids[0]} and {ids[1]}.",
                next_step="Name two snapshots of the same portals.",
            )
    if after.taken_at < before.taken_at:
        raise UsageError(
            f"{after.path} was taken before {before.path}.",
            next_step="Name the snapshot from before the sync first, then the one from after it.",
        )
    if forecast.info.get("snapshot_sha256") != before.manifest_sha256:
        raise UsageError(
            f"The forecast in {forecast.folder} is not of the snapshot {before.path}.",
            next_step=f"Name the snapshot it was made of, or run `dynsync forecast {before.path}`.",
        )


def _write_receipt(compared: Compared, rulebook: Rulebook, folder: Path, work: Path) -> dict[str, Any]:
    path = folder / "receipt.parquet"
    before, after, forecast = compared.before, compared.after, compared.forecast
    with open_tables(before, after, work=work) as engine:
        evidence = Evidence(
            engine,
            before,
            after,
            forecast.folder,
            forecast.info,
            read_catalogue(before),
            rulebook,
            forecast.rows("mapping"),
            compared.is_sync_alone,
        )
        touched = find_touched(evidence)
        engine.write(build_receipt(evidence, touched), RECEIPT, path)
        return {
            **receipt_figures(engine, engine.scan(path)),
            "drift": _drift(engine, touched),
            **_compared_mappings(evidence).figures,
            "nothing_changed": _is_nothing_changed(evidence, touched),
        }


def _compared_mappings(evidence: Evidence) -> ComparedMappings:
    """The forecast's mappings; where values flow, they are compared if both snapshots hold both columns."""
    return compared_in_each(
        mappings_of_rows(evidence.mappings),
        ComparedMappings({name_of(row): _is_delivered(evidence, row) for row in evidence.mappings}),
    )


def _is_delivered(evidence: Evidence, row: Mapping[str, Any]) -> bool:
    flows = any(flows_into(row["allowed_directions"], system) for system in System)
    tables = {system: record_table(Object(row["object"]), system) for system in System}
    return not flows or all(evidence.delivered(table, row[f"{system}_field"]) for system, table in tables.items())


def _is_nothing_changed(evidence: Evidence, touched: Touched) -> bool:
    """Whether both snapshots hold the same records, with the same mapped values and associations, in what both hold."""
    moments = (evidence.before, evidence.after)
    links = {moment.sha256(LINKS_IN.name) for moment in moments if moment.is_provided(LINKS_IN.name)}
    counts = (records.rows.select(count=nw.len()) for records in touched.values())
    return len(links) < 2 and not any(evidence.engine.rows(count)[0]["count"] for count in counts)


# --- Figures -------------------------------------------------------------------------------------------------------


def receipt_figures(engine: Engine, receipt: Frame) -> dict[str, Any]:
    """The figures of some rows of a receipt, as `Verification.figures` has them but for OF_SNAPSHOTS."""
    counted = engine.rows(receipt.group_by("predicted", "cause").agg(count=nw.len()))
    predicted, hit, missed, by_cause = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for row in counted:
        predicted[row["predicted"]] += row["count"]
        by_cause[row["cause"]] += row["count"]
        if row["cause"] == Cause.AS_PREDICTED:
            hit[row["predicted"]] += row["count"]
        elif row["cause"] in MISSES:
            missed[row["predicted"]] += row["count"]
    hits, misses = hit.total(), missed.total()
    return {
        "records": predicted.total(),
        "hits": hits,
        "misses": misses,
        "accuracy": hits / (hits + misses) if hits + misses else None,
        "by_outcome": {name: {"predicted": predicted[name], "hits": hit[name]} for name in sorted(predicted)},
        "misses_by_outcome": dict(sorted(missed.items())),
        "by_cause": dict(sorted(by_cause.items())),
        "missed": _missed(engine, receipt),
        "missed_left_out": max(0, misses - MOST_MISSES_NAMED),
    }


_NAMED: Final = ("system", "object", "record_id", "predicted", "actual", "rule_id", "assumptions")


def _missed(engine: Engine, receipt: Frame) -> list[dict[str, Any]]:
    """The first misses, in the order of the receipt."""
    misses = receipt.filter(~nw.col("hit")).select(*_NAMED).sort("system", "object", "record_id")
    rows = engine.rows(misses.head(MOST_MISSES_NAMED))
    rows.sort(key=lambda row: (row["system"], row["object"], row["record_id"]))
    return [{**row, "assumptions": (row["assumptions"] or "").split(";") if row["assumptions"] else []} for row in rows]


def _drift(engine: Engine, touched: Touched) -> dict[str, int]:
    """By table the records of the later snapshot that the earlier one does not hold, where there are some."""
    drift = {}
    for table, records in touched.items():
        count = int(engine.rows(records.new().select(count=nw.len()))[0]["count"])
        if count:
            drift[table.name] = count
    return drift
