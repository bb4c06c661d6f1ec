"""Every kind of file that a person can hand over, what is done with each, and small sound ones to begin with."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import xlsxwriter

from dynsync_lib import kit
from dynsync_lib.cli.arguments import read_addresses
from dynsync_lib.emulator.store.records import Store
from dynsync_lib.emulator.world.world_folder import open_world
from dynsync_lib.engine import open_engine
from dynsync_lib.forecasts.earlier_bindings import read_bindings
from dynsync_lib.portals.sign_in.access import read_access
from tests.fuzz.mutants import edit_parquet, mutate, mutate_json, mutate_parquet, mutate_workbook

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
_ROWS = 12
_MOMENT = datetime(2026, 11, 23, tzinfo=UTC)
_SETTINGS = """\
[hubspot]
token_env = "HUBSPOT_TOKEN"
plan = "professional"

[dynamics]
url = "https://acme.crm4.dynamics.com"
windows = 4

[sync.contact]
direction = "two_way"
filter_to_hubspot = "statecode = 0 and (emailaddress1 is known or not lastname contains 'x')"
filter_to_dynamics = "lifecyclestage in ('lead', 'customer') and createdate within last 900 days"

[[sync.contact.mapping]]
hubspot = "jobtitle"
dynamics = "jobtitle"
direction = "to_hubspot"

[sync.company]
match_mode = "default"

[files.columns]
emailaddress1 = "Email 1"

[assumptions]
company_dup = "all_bind"
"""
_ADDRESSES = {
    "hubspot": {"url": "http://127.0.0.1:1", "token": "pat-x"},
    "dynamics": dict.fromkeys(
        ("url", "tls_url", "authority", "tenant_id", "client_id", "client_secret"), "https://127.0.0.1:1/x"
    )
    | {"ca_file": __file__},  # of a running emulator it is there
}
_PAGES: tuple[Callable[[Any], Any], ...] = (
    kit.cover, kit.traffic_light, kit.six_figures, kit.data_moment, kit.scope_table, kit.outcome_bars, kit.flow_chart,
    kit.outcome_table, kit.reason_table, kit.collisions_table, kit.near_names_table, kit.links_table, kit.changes_table,
    kit.mapping_table, kit.findings_table, kit.assumptions_table, kit.decisions_table, kit.provenance,
    kit.sources_table,
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind of file: the files of `base` that are mutated (by pattern), how, and what a person then does with them.

    `use` gets the folder with the mutant. `share` is how many of a hundred mutants are of the kind.
    """

    name: str
    base: str
    files: tuple[str, ...]
    mutate: Callable[[bytes, Random], bytes]
    use: Callable[[Path, Random], Any]
    share: int


def make_bases(root: Path) -> None:
    """Writes the sound files that mutants are made of: exports, workbooks, settings, snapshot, forecast, world."""
    exports = root / "exports"
    for file in sorted(SAMPLE.glob("*/*")):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = lines if file.suffix == ".json" or file.stem in ("properties", "columns") else lines[:_ROWS]
        for folder in (exports, root / "world"):
            (folder / file.parent.name).mkdir(parents=True, exist_ok=True)
            (folder / file.parent.name / file.name).write_text("".join(kept), encoding="utf-8")
    _write_workbook(exports / "hubspot" / "contacts.csv", root / "workbooks" / "hubspot" / "contacts.xlsx")
    settings = root / "settings"
    settings.mkdir()
    (settings / "dynsync.toml").write_text(_SETTINGS, encoding="utf-8")
    (settings / ".env").write_text(
        "HUBSPOT_TOKEN=pat-eu1-0123\nDYNAMICS_CLIENT_SECRET='ab#c'\nX=${HOME}\n", encoding="utf-8"
    )
    (settings / "addresses.json").write_text(json.dumps(_ADDRESSES), encoding="utf-8")
    engagement = root / "engagement"
    shutil.copytree(settings, engagement)
    snapshot = kit.load(exports / "hubspot", exports / "dynamics", engagement / "snapshot", taken_at=_MOMENT)
    kit.forecast(snapshot, engagement / "dynsync.toml", engagement / "forecast")
    bindings = root / "bindings"
    bindings.mkdir()
    (bindings / "pairs.csv").write_text(
        "object,hubspot_id,dynamics_id\ncontact,1,{AB-1}\ncompany,2,ab-2\n", encoding="utf-8"
    )
    _write_pairs(bindings / "pairs.parquet")


def _write_pairs(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"object": ["contact"], "hubspot_id": ["1"], "dynamics_id": ["ab-1"]}), path)


def _write_workbook(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True)
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("contacts")
        for row, line in enumerate(source.read_text(encoding="utf-8").splitlines()):
            sheet.write_row(row, 0, line.split(","))
        book.add_worksheet("notes").write(0, 0, "something else")


def try_mutant(kind: Kind, bases: Path, seed: int) -> None:
    """Makes the mutant of a seed and uses it; raises what the kit raises."""
    dice = Random(f"{kind.name} {seed}")  # noqa: S311 - reproducible, no secret
    with tempfile.TemporaryDirectory(prefix="dynsync-fuzz-") as work:
        folder = Path(work) / "given"
        shutil.copytree(bases / kind.base, folder)
        files = sorted(file for pattern in kind.files for file in folder.glob(pattern))
        file = dice.choice(files)
        file.write_bytes(kind.mutate(file.read_bytes(), dice))
        kind.use(folder, dice)


# --- What is done with them --------------------------------------------------------------------------------------


def _load(folder: Path, dice: Random) -> None:
    dynamics = folder / "dynamics"
    snapshot = kit.load(folder / "hubspot", dynamics if dynamics.is_dir() else None, folder / "s", taken_at=_MOMENT)
    if dice.random() < 0.03:
        (folder / "dynsync.toml").write_text(_SETTINGS, encoding="utf-8")
        kit.forecast(snapshot, folder / "dynsync.toml", folder / "f")


def _read_settings(folder: Path, dice: Random) -> None:
    catalogue = kit.open_snapshot(folder / "snapshot") if dice.random() < 0.5 else None
    kit.read_settings(folder / "dynsync.toml", snapshot=catalogue)


def _read_secrets(folder: Path, dice: Random) -> None:
    del dice
    read_access(kit.read_settings(folder / "dynsync.toml"), folder / "dynsync.toml")


def _read_printed(folder: Path, dice: Random) -> None:
    del dice
    read_addresses(folder / "addresses.json")


def _open_snapshot(folder: Path, dice: Random) -> None:
    snapshot = kit.open_snapshot(folder / "snapshot")
    kit.read_load_report(snapshot)
    kit.read_catalogue(snapshot)
    if dice.random() < 0.15:
        kit.forecast(snapshot, folder / "dynsync.toml", folder / "f")


def _open_edited(folder: Path, dice: Random) -> None:
    """A snapshot whose tables were changed, and whose manifest was made to fit."""
    _fit_manifest(folder)
    _open_snapshot(folder, dice)


def _fit_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "snapshot" / "manifest.json").read_text(encoding="utf-8"))
    for name, entry in manifest["tables"].items():
        entry["sha256"] = hashlib.sha256((folder / "snapshot" / f"{name}.parquet").read_bytes()).hexdigest()
    (folder / "snapshot" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _show_forecast(folder: Path, dice: Random) -> None:
    forecast = kit.open_forecast(folder / "forecast")
    forecast = forecast.masked() if dice.random() < 0.5 else forecast
    for page in dice.sample(_PAGES, 4):
        page(forecast)
    forecast.rows("findings")
    for row in forecast.rows("outcomes", limit=1):
        for chain in kit.explain(forecast, row["record_id"]):
            kit.as_dict(chain)


def _later(folder: Path) -> Path:
    """A copy of the snapshot, which somebody says is of another day."""
    later = folder / "later"
    shutil.copytree(folder / "snapshot", later)
    manifest = later / "manifest.json"
    manifest.write_bytes(re.sub(rb'("finished_at": ")\d{4}', rb"\g<1>2099", manifest.read_bytes()))
    return later


def _verify(folder: Path, dice: Random) -> None:
    """A forecast held against its own snapshot, which somebody says is of a day later."""
    snapshot, later = folder / "snapshot", _later(folder)
    kit.verify(snapshot, later, folder / "forecast", folder / "v" if dice.random() < 0.5 else None)


def _replay_edited(folder: Path, dice: Random) -> None:
    """A snapshot whose tables were changed beside itself, as in a replay, and as a further environment."""
    _fit_manifest(folder)
    snapshot, settings = folder / "snapshot", folder / "dynsync.toml"
    if dice.random() < 0.5:
        kit.replay(snapshot, _later(folder), settings, folder / "r", bindings=folder / "forecast")
    else:
        kit.forecast(snapshot, settings, folder / "f", beside=[snapshot])


def _show_earlier(folder: Path, dice: Random) -> None:
    """A forecast, half of them as earlier versions wrote them, without hashes."""
    if dice.random() < 0.5:
        file = folder / "forecast" / "forecast.json"
        info = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**info, "sha256": {}}), encoding="utf-8")
    _show_forecast(folder, dice)


def _bind(folder: Path, dice: Random) -> None:
    source = dice.choice([file for file in sorted(folder.iterdir()) if file.is_file()])
    for name in ("polars", "duckdb") if dice.random() < 0.1 else ("polars",):
        with open_engine(work=folder / "engine" if name == "duckdb" else None, name=name) as engine:
            engine.rows(read_bindings(engine, source, folder / "work").pairs)


def _bind_forecast(folder: Path, dice: Random) -> None:
    del dice
    with open_engine(work=None, name="polars") as engine:
        engine.rows(read_bindings(engine, folder / "forecast", folder / "work").pairs)


def _serve(folder: Path, dice: Random) -> None:
    del dice
    world = open_world(folder)
    with ExitStack() as opened:
        opened.callback(Store(world).close)


KINDS = (
    Kind("csv", "exports", ("*/*.csv",), mutate, _load, 18),
    Kind("exported facts", "exports", ("*/*.json",), mutate_json, _load, 1),
    Kind("xlsx", "workbooks", ("*/*.xlsx",), mutate_workbook, _load, 12),
    Kind("settings", "engagement", ("dynsync.toml",), mutate, _read_settings, 16),
    Kind("env", "settings", (".env",), mutate, _read_secrets, 4),
    Kind("addresses", "settings", ("addresses.json",), mutate_json, _read_printed, 3),
    Kind("manifest", "engagement", ("snapshot/manifest.json",), mutate_json, _open_snapshot, 10),
    Kind("facts", "engagement", ("snapshot/*/*.json", "snapshot/load_report.json"), mutate_json, _open_snapshot, 4),
    Kind("table", "engagement", ("snapshot/*/*.parquet",), mutate_parquet, _open_snapshot, 2),
    Kind("edited table", "engagement", ("snapshot/*/*.parquet",), edit_parquet, _open_edited, 4),
    Kind("forecast", "engagement", ("forecast/forecast.json",), mutate_json, _show_forecast, 8),
    Kind("forecast table", "engagement", ("forecast/*.parquet",), mutate_parquet, _show_earlier, 5),
    Kind("verified forecast", "engagement", ("forecast/forecast.json",), mutate_json, _verify, 2),
    Kind("replayed table", "engagement", ("snapshot/*/*.parquet",), edit_parquet, _replay_edited, 1),
    Kind("bindings", "bindings", ("*.csv", "*.parquet"), mutate, _bind, 4),
    Kind("bound forecast", "engagement", ("forecast/outcomes.parquet",), mutate_parquet, _bind_forecast, 1),
    Kind("world", "world", ("*/*.csv",), mutate, _serve, 3),
    Kind("world facts", "world", ("*/*.json",), mutate_json, _serve, 2),
)
