"""The crafted records of a run as the folder of a rehearsal, so that they are seeded, run and cleaned as any other.

Facts
    * Its settings are the run's own; the sections that say where the test portals are come from the rehearsal.
    * The look-alikes are the crafted records, which are nobody's; the forecast beside them is made under the settings'
      own answers to the open questions.

Where it is used: `rehearsal.calibration.calibration_plan`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import tomlkit

import dynsync_lib
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.model import System
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.core.tables import LINKS_IN, RECORD_TABLES, Table
from dynsync_lib.engine.polars_engine import PolarsEngine
from dynsync_lib.forecasts.forecast_folder import Forecast
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.rehearsal.calibration.crafted_world import KINDS, CraftedWorld, craft_world, kind_of
from dynsync_lib.rehearsal.calibration.foreseen import Foreseer, finished_rows, link_rows, rows_of, vendor_columns
from dynsync_lib.rehearsal.calibration.packs import Pack
from dynsync_lib.rehearsal.lacking import lacking_at_first, needs_of
from dynsync_lib.rehearsal.rehearsal_folder import (
    KEY_FILE,
    LOOK_ALIKES,
    PLANNED,
    REHEARSAL_FILE,
    SAMPLE_COLUMNS,
    SAMPLE_FILE,
    SETTINGS_FILE,
    VERSION,
)
from dynsync_lib.snapshot.snapshot import Snapshot, sha256_of
from dynsync_lib.snapshot.writer import SnapshotWriter

_PORTAL_SECTIONS: Final = ("hubspot", "dynamics", "rehearsal")
_FILTERS: Final = ("marketing_criterion",)
"""Settings of a portal that ask fields of the customer's own."""
_SAMPLE: Final = Table("sample", "one record", SAMPLE_COLUMNS, ("system", "object", "record_id"))


def write_run(
    foreseer: Foreseer, packs: list[Pack], folder: Path, *, portals: str, key: bytes, moment: datetime
) -> None:
    """Writes the folder of one run.

    `portals` is the text of the settings that name the portals, `key` what the tag was made with, `moment` when the
    records are said to be read.
    """
    world = craft_world(packs, foreseer.catalogue, tag=foreseer.tag, person=foreseer.person)
    folder.mkdir(parents=True)
    snapshot = _write_look_alikes(foreseer, world, folder / LOOK_ALIKES, moment)
    text = settings_text(foreseer.run.settings, portals)
    settings = parse_settings(text, file=SETTINGS_FILE, rulebook=foreseer.rulebook, catalogue=foreseer.catalogue)
    planned = write_forecast(snapshot, settings, folder / PLANNED, rulebook=foreseer.rulebook)
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    (folder / KEY_FILE).write_text(key.hex() + "\n", encoding="ascii")
    with PolarsEngine() as polars:
        sample = polars.from_rows(_sample_rows(world, planned), SAMPLE_COLUMNS)
        polars.write(sample, _SAMPLE, folder / SAMPLE_FILE)
    info = _info(foreseer, world, packs, snapshot)
    info["settings_sha256"] = settings.digest
    info["digests"] = {name: sha256_of(folder / name) for name in (SETTINGS_FILE, SAMPLE_FILE)}
    (folder / REHEARSAL_FILE).write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def settings_text(own: str, portals: str) -> str:
    """Settings of a run, with the sections of `portals` that say where the test portals are."""
    sections = {name: table for name, table in tomllib.loads(portals).items() if name in _PORTAL_SECTIONS}
    for name in ("hubspot", "dynamics"):
        if name in sections:
            sections[name] = {key: value for key, value in sections[name].items() if key not in _FILTERS}
    return f"{tomlkit.dumps(sections).rstrip()}\n\n{own}".lstrip("\n")


# --- Look-alikes ---------------------------------------------------------------------------------------------------


def _write_look_alikes(foreseer: Foreseer, world: CraftedWorld, out: Path, moment: datetime) -> Snapshot:
    keys = KeyMaker(foreseer.rulebook.top_level_domains)
    with SnapshotWriter(out, source="emulator", started_at=moment) as writer:
        for name, table in RECORD_TABLES.items():
            vendor = vendor_columns(table, foreseer.catalogue)
            writer.write(name, finished_rows(table, world, vendor, keys), vendor_columns=vendor)
        writer.write(LINKS_IN.name, link_rows(world))
        writer.write("hubspot/properties", _metadata(foreseer, System.HUBSPOT))
        writer.write("dynamics/columns", _metadata(foreseer, System.DYNAMICS))
        return writer.finish(finished_at=moment, facts={})


def _metadata(foreseer: Foreseer, system: System) -> list[dict[str, Any]]:
    """The standard fields of one system, and what the run needs beside them, as rows of its metadata table."""
    schema = foreseer.rulebook.standard_schema["properties" if system is System.HUBSPOT else "columns"]
    standard = [{**row, "options": _options(row["options"])} for row in schema]
    own_format = "field_type" if system is System.HUBSPOT else "format"
    extra = [
        {
            "object": field.object.value,
            "name": field.name,
            "label": field.label,
            "type": field.type,
            own_format: field.format,
            "options": _options([asdict(option) for option in field.options]),
        }
        for field in foreseer.run.fields
        if field.system is system
    ]
    return [*standard, *extra]


def _options(options: Any) -> str | None:
    return json.dumps([dict(option) for option in options], ensure_ascii=False) if options else None


# --- The plan ------------------------------------------------------------------------------------------------------


def _sample_rows(world: CraftedWorld, planned: Forecast) -> list[dict[str, Any]]:
    outcomes = {(row["system"], row["object"], row["record_id"]): row for row in planned.rows("outcomes")}
    rows = []
    for name, id_ in world.ids.items():
        question, _, local = name.partition("/")
        system, object_ = KINDS[kind_of(local)]
        row = outcomes[(system.value, object_.value, id_)]
        named = {"system": system.value, "object": object_.value, "record_id": name, "look_alike_id": id_}
        decided = {column: row[column] for column in ("outcome", "reason", "rule_id")}
        rows.append({**named, **decided, "covers": f"question/{question}", "needed_by": None})
    return rows


def _info(foreseer: Foreseer, world: CraftedWorld, packs: list[Pack], snapshot: Snapshot) -> dict[str, Any]:
    needs = replace(needs_of(snapshot, foreseer.rulebook), addresses={})  # whoever is needed is in both portals
    lacking = lacking_at_first(needs, foreseer.rulebook)
    counts = {name: len(rows_of(table, world)) for name, table in RECORD_TABLES.items()}
    return {
        "version": VERSION,
        "kit_version": dynsync_lib.__version__,
        "rulebook_version": foreseer.rulebook.version,
        "tag": foreseer.tag,
        "snapshot_sha256": snapshot.manifest_sha256,
        "records": counts,
        "writes": {system.value: _writes(world, system, counts) for system in System},
        "covered": [{"id": f"question/{pack.question}", "words": pack.says} for pack in packs],
        "not_covered": [],
        "lacking": [lack.as_dict() for lack in lacking],
    }


def _writes(world: CraftedWorld, system: System, counts: Mapping[str, int]) -> dict[str, int]:
    tables = [table for table in RECORD_TABLES.values() if table.system is system and table.object is not None]
    associations = len(world.associations) if system is System.HUBSPOT else 0
    records = [counts[table.name] for table in tables]
    requests = sum(1 for count in (*records, associations) if count)
    return {"records": sum(records), "associations": associations, "requests": requests}
