"""The only door for notebooks and command line: load, pull, forecast, explain, report.

Every function takes paths and plain values and gives back frozen objects; nothing here prints.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pandas as pd

import dynsync_lib
from dynsync_lib.core.catalogue import Catalogue, Field, build_catalogue
from dynsync_lib.core.explain import Explanation, explain_record
from dynsync_lib.core.forecast import build_forecast
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.masking import mask_column, mask_values
from dynsync_lib.core.model import FORECAST_TABLES, RECORD_TABLES, System
from dynsync_lib.core.rulebook import Rulebook, read_rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.settings_file import parse_settings
from dynsync_lib.core.sides import Situation
from dynsync_lib.csv_files import write_csv
from dynsync_lib.engine import Engine, open_engine
from dynsync_lib.errors import SettingsError, SnapshotError, UsageError
from dynsync_lib.portals.exports import load_files
from dynsync_lib.snapshot import Snapshot, open_snapshot

FORECAST_FILE: Final = "forecast.json"
_PROVIDER: Final = {System.HUBSPOT: "hubspot/properties", System.DYNAMICS: "dynamics/columns"}


@dataclass(frozen=True, slots=True)
class Forecast:
    """One forecast. `info` is `forecast.json`; the tables are pandas frames, read when first asked for."""

    folder: Path
    info: Mapping[str, Any]
    is_masked: bool = False

    def table(self, name: str) -> pd.DataFrame:
        """A table of `model.FORECAST_TABLES` by name; people's keys and values masked when the forecast is."""
        frame = _read_table(self.folder / f"{name}.parquet")
        return _mask(name, frame, salt=str(self.info["snapshot_sha256"])) if self.is_masked else frame

    def masked(self) -> Forecast:
        """The same forecast without the addresses, names and values of people."""
        return replace(self, is_masked=True, info={**self.info, "masked": True})

    @property
    def outcomes(self) -> pd.DataFrame:
        """One row per input record."""
        return self.table("outcomes")

    @property
    def changes(self) -> pd.DataFrame:
        """One row per field of a matched pair that would be written."""
        return self.table("changes")

    @property
    def links(self) -> pd.DataFrame:
        """One row per association of an input record."""
        return self.table("links")

    @property
    def collisions(self) -> pd.DataFrame:
        """One row per record of a group that shares a key."""
        return self.table("collisions")

    @property
    def near_names(self) -> pd.DataFrame:
        """One row per pair of companies whose names are alike and not equal."""
        return self.table("near_names")

    @property
    def mapping(self) -> pd.DataFrame:
        """One row per field mapping."""
        return self.table("mapping")

    @property
    def findings(self) -> pd.DataFrame:
        """One row per audit rule that has something to say."""
        return self.table("findings")

    @property
    def summary(self) -> pd.DataFrame:
        """One row per system, object, outcome and reason."""
        return self.table("summary")

    @property
    def sensitivity(self) -> pd.DataFrame:
        """One row per other choice of an assumption."""
        return self.table("sensitivity")


@cache
def rulebook() -> Rulebook:
    """The rulebook the kit ships."""
    folder = resources.files(dynsync_lib) / "rules"
    return read_rulebook({file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.is_file()})


def settings_template() -> str:
    """The commented `dynsync.toml` that `dynsync init` writes."""
    return (resources.files(dynsync_lib) / "rules" / "settings_template.toml").read_text(encoding="utf-8")


def load(hubspot: Path | None, dynamics: Path | None, out: Path, *, taken_at: datetime | None = None) -> Snapshot:
    """The snapshot of two folders of exported files. See `portals.exports.load_files`."""
    if hubspot is None and dynamics is None:
        raise UsageError("No folder to load was named.", next_step="Give --hubspot DIR, --dynamics DIR, or both.")
    return load_files(
        hubspot,
        dynamics,
        out,
        key_maker=key_maker(),
        standard_schema=rulebook().standard_schema,
        taken_at=taken_at or datetime.now(UTC),
    )


def key_maker() -> KeyMaker:
    """The maker of finished keys, with the rulebook's top-level domains."""
    return KeyMaker(rulebook().top_level_domains)


def read_settings(
    path: Path, *, snapshot: Snapshot | None = None, overrides: Mapping[str, str] | None = None
) -> Settings:
    """The settings of one engagement; with a snapshot, fields and filter values are checked against its metadata.

    Raises SettingsError with every fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as fault:
        raise SettingsError([f"{path} is not there."], next_step="Write one with `dynsync init DIR`.") from fault
    except (UnicodeDecodeError, OSError) as fault:
        raise SettingsError([f"{path} cannot be read as UTF-8 text."]) from fault
    catalogue = read_catalogue(snapshot) if snapshot is not None else None
    return parse_settings(text, file=path.name, rulebook=rulebook(), catalogue=catalogue, overrides=overrides)


def read_catalogue(snapshot: Snapshot) -> Catalogue:
    """The fields of both systems.

    A column that a side without metadata delivered and the standard schema does not know counts as plain text.
    """
    rows = {system: _read_table(snapshot.table_path(name)).to_dict("records") for system, name in _PROVIDER.items()}
    standard = {system: not snapshot.is_provided(name) for system, name in _PROVIDER.items()}
    told = build_catalogue(
        [_plain(row) for row in rows[System.HUBSPOT]],
        [_plain(row) for row in rows[System.DYNAMICS]],
        standard=standard,
    )
    extra = {}
    for name, table in RECORD_TABLES.items():
        if table.object is not None and standard[table.system]:
            own = {column.name for column in table.structure}
            for column in snapshot.columns(name):
                if column not in own and told.find(table.system, table.object, column) is None:
                    field = Field(table.system, table.object, column, column, _TEXT_TYPE[table.system])
                    extra[(table.system, table.object, column)] = field
    return Catalogue({**told.fields, **extra}, standard)


_TEXT_TYPE: Final = {System.HUBSPOT: "string", System.DYNAMICS: "String"}


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): None if _is_missing(value) else value for name, value in row.items()}


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def forecast(
    snapshot: Path | Snapshot,
    settings: Path | Settings,
    out: Path,
    *,
    engine: str = "duckdb",
    assumptions: Mapping[str, str] | None = None,
    csv: bool = False,
) -> Forecast:
    """The forecast of a snapshot under settings, written to `out` as Parquet (and CSV when asked).

    `assumptions` win over those of the settings file. Whatever stood in `out` as an earlier forecast is replaced when
    this one is whole. Raises SettingsError, SnapshotError or UsageError before anything is written.
    """
    opened = open_snapshot(snapshot) if isinstance(snapshot, Path) else snapshot
    if isinstance(settings, Path):
        settings = read_settings(settings, snapshot=opened, overrides=assumptions)
    elif assumptions:
        settings = replace(settings, assumptions={**settings.assumptions, **assumptions})
    _refuse_foreign_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dynsync-", dir=out.parent) as work:
        made = Path(work) / "forecast"
        made.mkdir()
        with open_engine(engine, work=Path(work) / "stages") as opened_engine:
            rows = _write_tables(opened_engine, _situation(opened_engine, opened, settings), made, csv=csv)
        info = _info(opened, settings, rows)
        text = json.dumps(info, indent=2, ensure_ascii=False) + "\n"
        (made / FORECAST_FILE).write_text(text, encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        os.replace(made, out)
    return Forecast(out, info)


def _refuse_foreign_folder(out: Path) -> None:
    if out.exists() and not (out / FORECAST_FILE).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} holds something else than a forecast.", next_step="Name an empty folder or one that is not there."
        )


def _situation(engine: Engine, snapshot: Snapshot, settings: Settings) -> Situation:
    names = [name for name, table in RECORD_TABLES.items() if table.object is not None]
    tables = {name: engine.scan(snapshot.table_path(name)) for name in (*names, "hubspot/links")}
    return Situation(
        tables, settings, rulebook(), read_catalogue(snapshot), snapshot.taken_at, engine.keep, engine.from_rows
    )


def _write_tables(engine: Engine, situation: Situation, folder: Path, *, csv: bool) -> dict[str, int]:
    rows = {}
    for name, frame in build_forecast(situation).items():
        table = FORECAST_TABLES[name]
        rows[name] = engine.write(frame, table, folder / f"{name}.parquet")
        if csv:
            write_csv(folder / f"{name}.parquet", folder / f"{name}.csv")
    return rows


def _info(snapshot: Snapshot, settings: Settings, rows: Mapping[str, int]) -> dict[str, Any]:
    enabled = {object_.value: sync for object_, sync in settings.sync.items() if sync.enabled}
    return {
        "kit_version": dynsync_lib.__version__,
        "rulebook_version": rulebook().version,
        "snapshot_sha256": snapshot.manifest_sha256,
        "settings_sha256": settings.digest,
        "taken_at": snapshot.manifest["finished_at"],
        "source": snapshot.manifest["source"],
        "portals": {name: snapshot.manifest.get(name, {}) for name in ("hubspot", "dynamics")},
        "standard_schema": {system.value: not snapshot.is_provided(name) for system, name in _PROVIDER.items()},
        "records": {name: snapshot.rows(name) for name in RECORD_TABLES},
        "not_provided": [name for name in RECORD_TABLES if not snapshot.is_provided(name)],
        "objects": {
            name: {
                "direction": sync.direction.value,
                "conflict_winner": sync.conflict_winner.value,
                "filter_to_hubspot": sync.filter_to_hubspot,
                "filter_to_dynamics": sync.filter_to_dynamics,
            }
            for name, sync in enabled.items()
        },
        "assumptions": dict(sorted(settings.assumptions.items())),
        "marketing": {
            "contacts": settings.hubspot.marketing_contacts,
            "tier": settings.hubspot.marketing_tier,
            "sync_as_marketing": settings.hubspot.sync_as_marketing,
        },
        "rows": dict(rows),
        "masked": False,
    }


def open_forecast(folder: Path | str) -> Forecast:
    """The forecast in a folder. Raises SnapshotError when it is none."""
    path = Path(folder)
    file = path / FORECAST_FILE
    if not file.is_file():
        raise SnapshotError(
            f"{path} is no forecast: it has no {FORECAST_FILE}.", next_step="Make one: `dynsync forecast`."
        )
    return Forecast(path, json.loads(file.read_text(encoding="utf-8")))


def explain(told: Forecast, key: str) -> tuple[Explanation, ...]:
    """The chain of every record that an id, GUID, e-mail address or company name means; empty when it means none."""
    with tempfile.TemporaryDirectory(prefix="dynsync-") as work, open_engine(work=Path(work)) as engine:
        tables = {name: engine.scan(told.folder / f"{name}.parquet") for name in FORECAST_TABLES}
        return explain_record(tables, key, rulebook())


def rules() -> pd.DataFrame:
    """Every rule: id, says, status, confidence, sources, assumption, why; one row per rule, in the rulebook's order."""
    return pd.DataFrame(
        {
            "id": one.id,
            "says": one.says,
            "status": one.status,
            "confidence": one.confidence,
            "sources": ", ".join(one.sources),
            "assumption": one.assumption,
            "why": one.why,
        }
        for one in rulebook().rules.values()
    )


def assumptions() -> pd.DataFrame:
    """Every open question: id, question, choices that can be made, default, status, why; one row per knob."""
    return pd.DataFrame(
        {
            "id": one.id,
            "question": one.question,
            "choices": ", ".join(one.built_choices),
            "default": one.default,
            "status": one.status,
            "why": one.why,
        }
        for one in rulebook().assumptions.values()
    )


@cache
def _read_cached(path: Path, stamp: float) -> pd.DataFrame:
    del stamp
    return pd.read_parquet(path)


def _read_table(path: Path) -> pd.DataFrame:
    return _read_cached(path, path.stat().st_mtime).copy(deep=False)


_MASKED_KEYS: Final[Mapping[str, Collection[str]]] = {"outcomes": ("match_key",), "collisions": ("match_key",)}
_MASKED_VALUES: Final[Mapping[str, Collection[str]]] = {"changes": ("old_value", "new_value")}


def _mask(name: str, frame: pd.DataFrame, *, salt: str) -> pd.DataFrame:
    masked = frame.copy()
    for column in _MASKED_KEYS.get(name, ()):
        masked[column] = mask_column(frame["object"], _optional(frame[column]), salt=salt)
    for column in _MASKED_VALUES.get(name, ()):
        masked[column] = mask_values(frame["object"], _optional(frame[column]))
    return masked


def _optional(column: pd.Series[Any]) -> list[str | None]:
    return [None if _is_missing(value) else str(value) for value in column]
