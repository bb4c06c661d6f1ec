"""The only door for notebooks and command line: load, pull, forecast, explain, report.

Functions take paths and plain values and give back frozen objects; nothing here prints. What takes long to import (the
emulator, the portals' clients, the notebook runner) is imported when it is first used, so that the command starts fast.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

import dynsync_lib
from dynsync_lib import explanations, recipe_table, rule_tables
from dynsync_lib.core.explain import Explanation
from dynsync_lib.core.keys import KeyMaker
from dynsync_lib.core.lookups import find_recipes
from dynsync_lib.core.rulebook import Rulebook, read_rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.settings_file import parse_settings
from dynsync_lib.core.sides import Situation
from dynsync_lib.engine import AUTO, Engine
from dynsync_lib.errors import SettingsError, UsageError
from dynsync_lib.explanations import Explained
from dynsync_lib.forecast_folder import Forecast, open_forecast, records
from dynsync_lib.forecasting import write_forecast
from dynsync_lib.portals.check_lines import CheckReport
from dynsync_lib.portals.exports import find_time_zone, load_files
from dynsync_lib.portals.load_report import read_load_report
from dynsync_lib.replay_folder import Replay, write_replay
from dynsync_lib.report import (
    assumptions_table,
    changes_table,
    collisions_table,
    cover,
    decisions_table,
    findings_table,
    flow_chart,
    links_table,
    mapping_table,
    near_names_table,
    outcome_bars,
    outcome_table,
    provenance,
    reason_table,
    scope_table,
    six_figures,
    traffic_light,
)
from dynsync_lib.situations import open_situation, open_tables, read_catalogue
from dynsync_lib.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    from dynsync_lib.emulator.server import Emulator

__all__ = [
    "SETTINGS_EXAMPLES",
    "Addresses",
    "CheckReport",
    "Explained",
    "Explanation",
    "Forecast",
    "Replay",
    "Snapshot",
    "as_dict",
    "assumptions",
    "assumptions_table",
    "changes_table",
    "check",
    "collisions_table",
    "cover",
    "decisions_table",
    "demo",
    "emulate",
    "explain",
    "findings_table",
    "flow_chart",
    "forecast",
    "key_maker",
    "links_table",
    "load",
    "lookup_recipes",
    "mapping_table",
    "near_names_table",
    "open_forecast",
    "open_snapshot",
    "outcome_bars",
    "outcome_table",
    "provenance",
    "pull",
    "read_catalogue",
    "read_load_report",
    "read_settings",
    "reason_table",
    "records",
    "replay",
    "report",
    "research",
    "rulebook",
    "rules",
    "scope_table",
    "settings_template",
    "sign_out",
    "six_figures",
    "traffic_light",
]

Say = Callable[[str], None]
Addresses = Mapping[str, Mapping[str, str]]
_NOTEBOOKS: Final = Path(dynsync_lib.__file__).parent.parent / "notebooks"


@cache
def rulebook() -> Rulebook:
    """The rulebook the kit ships."""
    folder = resources.files(dynsync_lib) / "rules"
    return read_rulebook({file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.is_file()})


SETTINGS_EXAMPLES: Final = ("mql-to-dynamics", "dynamics-upsell", "safe-start")
"""The ready examples of `dynsync init --example`."""


def settings_template(example: str | None = None) -> str:
    """The commented `dynsync.toml` that `dynsync init` writes; with the name of an example, that one.

    Raises UsageError when there is no example of that name.
    """
    if example is not None and example not in SETTINGS_EXAMPLES:
        raise UsageError(f"There is no example {example!r}.", next_step=f"Use one of: {', '.join(SETTINGS_EXAMPLES)}.")
    name = "settings_template" if example is None else f"settings_examples/{example}"
    return (resources.files(dynsync_lib) / "rules" / f"{name}.toml").read_text(encoding="utf-8")


def load(
    hubspot: Path | None,
    dynamics: Path | None,
    out: Path,
    *,
    taken_at: datetime | None = None,
    time_zone: str | None = None,
) -> Snapshot:
    """The snapshot of two folders of exported files. See `portals.exports.load_files` and `read_load_report`."""
    if hubspot is None and dynamics is None:
        raise UsageError("No folder to load was named.", next_step="Give --hubspot DIR, --dynamics DIR, or both.")
    return load_files(
        hubspot,
        dynamics,
        out,
        key_maker=key_maker(),
        standard_schema=rulebook().standard_schema,
        taken_at=taken_at or datetime.now(UTC),
        time_zone=find_time_zone(time_zone) if time_zone is not None else None,
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


def forecast(
    snapshot: Path | Snapshot,
    settings: Path | Settings,
    out: Path,
    *,
    engine: str = AUTO,
    assumptions: Mapping[str, str] | None = None,
    bindings: Path | None = None,
    beside: Sequence[Path] = (),
    csv: bool = False,
) -> Forecast:
    """The forecast of a snapshot under settings, written to `out` as Parquet (and CSV when asked).

    `engine` is where the tables are computed: auto, duckdb, polars or spark; `auto` picks by the size of the portals.
    `assumptions` win over those of the settings file. `bindings` goes on from an earlier run: the folder of a forecast,
    or a file of pairs. `beside` are snapshots of further Dynamics environments of the same portal. Whatever stood in
    `out` as an earlier forecast is replaced when this one is whole. Raises SettingsError, SnapshotError or UsageError
    before anything is written.
    """
    opened = open_snapshot(snapshot) if isinstance(snapshot, Path) else snapshot
    if isinstance(settings, Path):
        settings = read_settings(settings, snapshot=opened, overrides=assumptions)
    elif assumptions:
        settings = replace(settings, assumptions={**settings.assumptions, **assumptions})
    others = [open_snapshot(one) for one in beside]
    return write_forecast(
        opened, settings, out, rulebook=rulebook(), engine=engine, bindings=bindings, beside=others, csv=csv
    )


def lookup_recipes(snapshot: Path, settings: Path) -> pd.DataFrame:
    """What text column to put in the place of each lookup, which cannot sync; one row per lookup of an enabled object.

    Columns: see `recipe_table.recipe_table`. Raises SettingsError or SnapshotError.
    """
    opened = open_snapshot(snapshot)
    checked = read_settings(settings, snapshot=opened)
    objects = [object_ for object_, sync in checked.sync.items() if sync.enabled]
    with (
        tempfile.TemporaryDirectory(prefix="dynsync-") as work,
        open_tables(opened, work=Path(work)) as engine,
    ):
        return recipe_table.recipe_table(find_recipes(prepare_situation(engine, opened, checked), objects))


def prepare_situation(engine: Engine, snapshot: Snapshot, settings: Settings) -> Situation:
    """Everything the core may look at, with the snapshot's tables in an engine: for whoever wants single stages."""
    return open_situation(engine, snapshot, settings, rulebook())


def replay(
    before: Path,
    after: Path,
    settings: Path,
    out: Path,
    *,
    bindings: Path | None = None,
    assumptions: Mapping[str, str] | None = None,
    csv: bool = False,
) -> Replay:
    """What would have travelled between two snapshots once the sync was on, and which pairs have escaped their filter.

    The pairs are those of `bindings` (a forecast, or a file) or, without it, of a forecast of the earlier snapshot.
    """
    earlier, later = open_snapshot(before), open_snapshot(after)
    checked = read_settings(settings, snapshot=later, overrides=assumptions)
    with tempfile.TemporaryDirectory(prefix="dynsync-") as work:
        pairs = bindings or forecast(earlier, checked, Path(work) / "forecast").folder
        return write_replay(earlier, later, out, settings=checked, rulebook=rulebook(), bindings=pairs, csv=csv)


def explain(told: Forecast, key: str, *, snapshot: Path | None = None) -> Explained:
    """The chain of every record that an id, GUID, e-mail address or name means. See `explanations.explain`."""
    return explanations.explain(told, key, rulebook=rulebook(), catalogue_of=read_catalogue, snapshot=snapshot)


def rules() -> pd.DataFrame:
    """Every rule: id, says, status, confidence, sources, assumption, why; one row per rule, in the rulebook's order."""
    return rule_tables.rules_table(rulebook())


def research() -> pd.DataFrame:
    """Every numbered statement of the research. See `rule_tables.research_table`."""
    return rule_tables.research_table(rulebook())


def assumptions() -> pd.DataFrame:
    """Every open question: id, question, choices that can be made, default, status, why; one row per knob."""
    return rule_tables.assumptions_table(rulebook())


# --- Portals -----------------------------------------------------------------------------------------------------


def emulate(world: Path | None = None, *, hubspot_port: int = 0, dynamics_port: int = 0) -> Emulator:
    """Both emulated portals on 127.0.0.1, as a context manager; without a folder they serve the shipped demo world."""
    from dynsync_lib.emulator.server import Emulator
    from dynsync_lib.emulator.world import build_world
    from dynsync_lib.emulator.world_folder import open_world

    shown = build_world() if world is None else open_world(world)
    return Emulator(shown, hubspot_port=hubspot_port, dynamics_port=dynamics_port)


def pull(
    settings: Path,
    out: Path,
    *,
    addresses: Addresses | None = None,
    progress: Say | None = None,
    clock: Callable[[], datetime] | None = None,
    hubspot_version: str | None = None,
    archived: bool = False,
) -> Snapshot:
    """The snapshot of both portals, read over their APIs; nothing is ever written to them.

    `addresses` are those of an emulator (`Emulator.addresses`); without them the settings name the portals and the
    environment holds the secrets. `hubspot_version` and `archived` win over the settings. A pull that died goes on
    where it stopped. Raises SettingsError when a secret is
    missing, PortalError when a portal cannot be used.
    """
    from dynsync_lib.portal_access import emulator_connections, needed_fields, settings_connections
    from dynsync_lib.portals.pull import PullOptions, pull_portals

    checked = read_settings(settings)
    connections = settings_connections(checked, settings) if addresses is None else emulator_connections(addresses)
    return pull_portals(
        connections,
        out,
        key_maker=key_maker(),
        fields=needed_fields(checked, rulebook()),
        options=PullOptions(
            hubspot_version=hubspot_version or checked.hubspot.api_version,
            archived=archived or checked.hubspot.archived,
            windows=max(checked.dynamics.windows, 1),
        ),
        progress=_counting(progress),
        clock=clock or _now,
    )


def check(settings: Path, *, addresses: Addresses | None = None) -> CheckReport:
    """What both portals allow under these settings, line by line; nothing is written and no record is kept.

    `addresses` are those of an emulator; without them the environment holds the secrets, and a side of which nothing is
    set is not checked. Raises SettingsError for wrong settings, SafetyError for addresses that are no portal's.
    """
    from dynsync_lib.portal_access import Access, emulator_connections, read_access
    from dynsync_lib.portals.check import Unset, check_portals

    checked = read_settings(settings)
    access = read_access(checked, settings) if addresses is None else Access(emulator_connections(addresses))
    unset = {
        system: Unset(missing, is_begun=system in access.begun) for system, missing in access.missing.items() if missing
    }
    return check_portals(access.connections, checked, unset=unset)


def sign_out(settings: Path) -> bool:
    """Forgets the sign-in to Dynamics that these settings keep; whether there was one comes out."""
    from dynsync_lib.portal_access import read_access, token_store

    checked = read_settings(settings)
    store = token_store(checked.dynamics, read_access(checked, settings).connections.client_id)
    return store is not None and store.forget()


def _now() -> datetime:
    return datetime.now(UTC)


def _counting(say: Say | None) -> Callable[[str, int, int | None], None]:
    """Tells each table once, when it is whole."""

    def count(table: str, rows: int, total: int | None) -> None:
        if say is not None and total is not None and rows == total:
            say(f"  {table}: {rows:,}")

    return count


# --- Report and demo ---------------------------------------------------------------------------------------------


def report(told: Forecast, out: Path | str, *, client: str = "", masked: bool = True) -> Path:
    """The stakeholder's report as one HTML file; `client` stands on its cover, people are masked unless said otherwise.

    Raises UsageError when the kit's notebooks are not there.
    """
    from dynsync_lib.report.runner import write_report

    parameters = {"forecast_folder": str(told.folder.resolve()), "client": client, "masked": masked}
    return write_report(_NOTEBOOKS / "report_stakeholder.ipynb", Path(out), parameters=parameters)


def demo(out: Path | str, *, progress: Say | None = None) -> Forecast:
    """The whole kit on two emulated portals; leaves snapshot, settings, forecast and report.html in `out`.

    What an earlier demo left there is replaced.
    """
    from dynsync_lib.emulator.server import Emulator
    from dynsync_lib.emulator.world import build_world

    say = progress or _silent
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "snapshot", ignore_errors=True)
    settings = folder / "dynsync.toml"
    say("Starting both emulated portals on 127.0.0.1 ...")
    world = build_world()
    settings.write_text(world.settings, encoding="utf-8")
    with Emulator(world) as emulator:
        say("Pulling them over HTTP ...")
        snapshot = pull(settings, folder / "snapshot", addresses=emulator.addresses, progress=say)
    say("Forecasting ...")
    told = forecast(snapshot, settings, folder / "forecast")
    say("Writing the report ...")
    report(told, folder / "report.html", client="Demo")
    return told


def _silent(sentence: str) -> None:
    del sentence


def as_dict(value: Any) -> dict[str, Any]:
    """A frozen value as plain dictionaries and lists, for printing as JSON."""
    return dataclasses.asdict(value)
