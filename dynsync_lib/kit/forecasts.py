"""Forecasts of a snapshot, what they say of one record, and what two snapshots say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynsync_lib.core.masking import Masking
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.engine import AUTO, Engine
from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.forecasts.forecast_folder import Forecast, read_masking
from dynsync_lib.forecasts.open_snapshot import open_situation, open_tables, read_catalogue
from dynsync_lib.forecasts.write_forecast import write_forecast
from dynsync_lib.kit.opened import AnyForecast, AnySnapshot, opened_forecast, opened_snapshot
from dynsync_lib.kit.rulebooks import opened_settings, rulebook
from dynsync_lib.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

    from dynsync_lib.core.advice.lookup_recipes import LookupRecipe
    from dynsync_lib.forecasts.explanations import Explained
    from dynsync_lib.forecasts.field_profiles import FieldProfiles
    from dynsync_lib.forecasts.finding_records import FindingRecords
    from dynsync_lib.forecasts.replay_folder import Replay
    from dynsync_lib.report.pieces import Piece
    from dynsync_lib.verification.verify_folder import Verification

    AnyFinding = str | Mapping[str, Any] | pd.Series[Any]
    """An audit rule or a list by name, or one row of the table `findings`."""


def forecast(
    snapshot: AnySnapshot,
    settings: str | Path | Settings,
    out: str | Path,
    *,
    engine: str = AUTO,
    assumptions: Mapping[str, str] | None = None,
    bindings: str | Path | None = None,
    beside: Sequence[AnySnapshot] = (),
    csv: bool = False,
) -> Forecast:
    """The forecast of a snapshot under settings, written to the folder `out` as Parquet (and CSV when asked).

    `engine` is where the tables are computed: auto, duckdb, polars or spark; `auto` picks by the size of the portals.
    `assumptions` are choices by assumption id and win over those of the settings file. `bindings` continues an earlier
    run: the folder of a forecast, or a CSV or Parquet file with the columns object, hubspot_id, dynamics_id. `beside`
    are snapshots of further Dynamics environments that sync with the same portal.

    An earlier forecast in `out` is replaced when this one is whole; anything else there is refused. This computes:
    seconds for thousands of records, minutes for ten million a side.

    Raises SettingsError, SnapshotError or UsageError before anything is written.

    >>> settings = kit.read_settings("out/demo/dynsync.toml", overrides={"company_dup": "all_bind"})
    >>> forecast = kit.forecast("out/demo/snapshot", settings, "out/forecast", csv=True)
    >>> forecast.counts("outcomes", ["outcome"])[0]
    {'outcome': 'create', 'count': 1608}
    """
    opened = opened_snapshot(snapshot)
    return write_forecast(
        opened,
        opened_settings(settings, snapshot=opened, overrides=assumptions),
        Path(out),
        rulebook=rulebook(),
        engine=engine,
        bindings=None if bindings is None else Path(bindings),
        beside=[opened_snapshot(further) for further in beside],
        csv=csv,
    )


def lookup_recipes(snapshot: AnySnapshot, settings: str | Path | Settings) -> pd.DataFrame:
    """For each lookup of an enabled object, which cannot sync, the text column to create in its stead; one row each.

    Columns: see `kit.tables.recipe_row`. This computes: it counts the labels in every lookup column.
    Raises SettingsError or SnapshotError.

    >>> recipes = kit.lookup_recipes("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> recipes.set_index("column").loc["parentaccountid", ["object", "filled", "distinct"]].values.tolist()
    [['company', 12, 12], ['deal', 107, 86]]
    """
    from dynsync_lib.kit import tables

    return tables.recipe_table(find_lookup_recipes(snapshot, settings))


def find_lookup_recipes(snapshot: AnySnapshot, settings: str | Path | Settings) -> list[LookupRecipe]:
    """The recipes of `lookup_recipes` as values, without a frame. Computes, and raises, as that does."""
    from dynsync_lib.core.advice.lookup_recipes import find_recipes  # a forecast does not wait for it

    opened = opened_snapshot(snapshot)
    checked = opened_settings(settings, snapshot=opened)
    objects = [object_ for object_, sync in checked.sync.items() if sync.enabled]
    with (
        temporary_folder() as work,
        open_tables(opened, work=work) as engine,
    ):
        return list(find_recipes(prepare_situation(engine, opened, checked), objects))


def prepare_situation(engine: Engine, snapshot: Snapshot, settings: Settings) -> Situation:
    """Everything the core may look at, with the snapshot's tables in an engine: for whoever wants single stages.

    It describes and computes nothing yet. The situation can be used until the engine is closed.

    >>> from dynsync_lib.engine import open_engine
    >>> snapshot = kit.open_snapshot("out/demo/snapshot")
    >>> settings = kit.read_settings("out/demo/dynsync.toml", snapshot=snapshot)
    >>> with open_engine(work=None) as engine:
    ...     situation = kit.prepare_situation(engine, snapshot, settings)
    ...     situation.tables["hubspot/owners"].select("email").collect().shape
    (12, 1)
    """
    return open_situation(engine, snapshot, settings, rulebook())


def replay(
    before: AnySnapshot,
    after: AnySnapshot,
    settings: str | Path | Settings,
    out: str | Path,
    *,
    bindings: str | Path | None = None,
    assumptions: Mapping[str, str] | None = None,
    csv: bool = False,
) -> Replay:
    """What would have synced between two snapshots once the sync was on, and which pairs have escaped their filter.

    The pairs are those of `bindings` (the folder of a forecast, or a file) or, without it, of a forecast of the earlier
    snapshot, which is made for it. An earlier replay in `out` is replaced. This computes: about as long as a forecast.

    Raises UsageError when both are one snapshot, when they stand in the wrong order or are of different portals, and as
    `forecast` does.

    >>> from datetime import UTC, datetime
    >>> moment = datetime(2099, 1, 1, tzinfo=UTC)
    >>> later = kit.load("sample_data/hubspot", "sample_data/dynamics", "out/replayed", taken_at=moment)
    >>> settings = "out/demo/dynsync.toml"
    >>> replay = kit.replay("out/demo/snapshot", later, settings, "out/replay", bindings="out/demo/forecast")
    >>> replay.info["counts"]
    {'escapes': 0}
    """
    from dynsync_lib.forecasts.replay_folder import refuse_one_snapshot, write_replay  # a forecast does not wait for it

    earlier, later = opened_snapshot(before), opened_snapshot(after)
    refuse_one_snapshot(earlier, later)
    checked = opened_settings(settings, snapshot=later, overrides=assumptions)
    with temporary_folder() as work:
        pairs = Path(bindings) if bindings else forecast(earlier, checked, work / "forecast").folder
        return write_replay(earlier, later, Path(out), settings=checked, rulebook=rulebook(), bindings=pairs, csv=csv)


def verify(
    before: AnySnapshot, after: AnySnapshot, forecast: AnyForecast, out: str | Path | None = None
) -> Verification:
    """How right the forecast of `before` was, by what `after`, a later snapshot of the same portals, holds.

    For every record of the forecast what was predicted beside what became of it; docs/verification.md says how that is
    told. With `out` the receipt is written to that folder, where an earlier one is replaced. This computes: less than
    a forecast of the same snapshot does.

    Raises SnapshotError, or UsageError when both are one snapshot, when they are of different portals or `after` is the
    earlier one, when the forecast is of another snapshot than `before`, and when `out` holds something else.

    >>> from datetime import UTC, datetime
    >>> moment = datetime(2099, 1, 1, tzinfo=UTC)
    >>> later = kit.load("sample_data/hubspot", "sample_data/dynamics", "out/later_than_demo", taken_at=moment)
    >>> verified = kit.verify("out/demo/snapshot", later, "out/demo/forecast", out="out/verification")
    >>> verified.figures["by_outcome"]["create"], verified.figures["by_outcome"]["link"]["hits"]
    ({'predicted': 1608, 'hits': 0}, 808)
    """
    from dynsync_lib.forecasts.replay_folder import refuse_one_snapshot  # a forecast does not wait for these
    from dynsync_lib.verification import verify_folder

    earlier, later = opened_snapshot(before), opened_snapshot(after)
    refuse_one_snapshot(earlier, later)
    with temporary_folder() as work:
        compared = verify_folder.Compared(earlier, later, opened_forecast(forecast))
        return verify_folder.verify_snapshots(
            compared, rulebook=rulebook(), out=None if out is None else Path(out), work=work
        )


def explain(forecast: AnyForecast, key: str, *, snapshot: str | Path | None = None) -> Explained:
    """Why each record that the key means has its outcome, step by step with rule and source; empty if there is none.

    The key is a record id or GUID, an e-mail address (an additional one, too) or a name. `snapshot` is the one that was
    forecast; without it, it is looked for where the forecast was made from, and where it is not there any more the
    steps say what the forecast alone knows. This reads the forecast's tables: about a tenth of a second for the demo.

    Raises UsageError when `snapshot` is not the one that was forecast.

    >>> forecast = kit.open_forecast("out/demo/forecast")
    >>> failing = forecast.rows("outcomes", where={"outcome": "failing", "object": "contact"}, limit=1)
    >>> chains = kit.explain(forecast, failing[0]["record_id"])
    >>> print(chains[0].steps[-1].says)
    HubSpot email would get 'dariush.almasri@nordenta', which is no valid address.
    """
    from dynsync_lib.forecasts import explanations  # a forecast does not wait for it

    opened = opened_forecast(forecast)
    return explanations.explain(opened, key, rulebook=rulebook(), catalogue_of=read_catalogue, snapshot=snapshot)


def records_of(
    forecast: AnyForecast | AnyFinding, finding: AnyFinding | AnyForecast, *, snapshot: str | Path | None = None
) -> pd.DataFrame:
    """The records behind a finding, or behind one of the forecast's tables: who they are, and what opens them.

    `finding` is an audit rule such as `G42`, whose findings come one after the other; one row of `forecast.findings`;
    or one of these lists: `collisions` (records that share a key), `near_names` (pairs of like names),
    `lost_associations`, `overwrites` (values), `manual_invoices` (invoices to associate with their company by hand).
    Forecast and finding may also stand the other way round.

    Columns: check_id (or the list's name), system, object, record_id, counterpart_id (its record on the other side,
    null when none), url, detail. There are as many rows as the finding counts. One row is what the finding's sentence
    counts: a record; a pair, as its Dynamics record; an association, as the record where it begins; a value, as its
    record; a mapping, a field or a filter, without a record_id and named in `detail`. A finding that was not checked
    has no rows, and neither has one whose number is made of the settings' figures alone (a tier that is exceeded
    today). `url` opens the record, and is empty where the snapshot does not say which portal it is of, or the settings
    name no Dynamics environment. `detail` holds ids, fields, outcomes and reasons, and nobody's values.

    `snapshot` is the one that was forecast; without it, it is looked for where the forecast was made from. This
    computes: the finding is counted again, a fraction of the forecast's own time.

    Raises UsageError when there is no such finding, when `snapshot` is not the one that was forecast, and when it, or
    pairs of an earlier run or a further snapshot that the forecast was made with, is needed and not there any more.

    >>> records = kit.records_of(kit.open_forecast("out/demo/forecast"), "G42")
    >>> records[["object", "record_id", "counterpart_id", "detail"]].values.tolist()[0]
    ['contact', '00a5386d-5b31-48da-b334-00000000021b', '1346', 'opted out in Dynamics only']
    """
    import pandas as pd

    return pd.DataFrame(dict(find_records_of(forecast, finding, snapshot=snapshot).columns))


def records_table(
    forecast: AnyForecast, finding: AnyFinding, *, snapshot: str | Path | None = None, limit: int = 50
) -> Piece:
    """The first `limit` records behind a finding, with links that open them in HubSpot and in Dynamics.

    `finding`, `snapshot`, errors and cost: see `records_of`, which has all of them as a frame.

    >>> kit.records_table(kit.open_forecast("out/demo/forecast"), "G42")
    154 rows behind G42
    """
    from dynsync_lib.record_urls import urls_of_portals
    from dynsync_lib.report.records import show_records

    opened = opened_forecast(forecast)
    behind = find_records_of(opened, finding, snapshot=snapshot)
    name = finding if isinstance(finding, str) else str(finding["check_id"])
    urls = urls_of_portals(opened.info.get("portals") or {})
    return show_records(behind.rows(limit), len(behind), urls, (*behind.notes, *behind.not_checked), name)


def profile_fields(
    forecast: AnyForecast,
    *,
    snapshot: str | Path | None = None,
    masked: bool = True,
    masking: str = Masking.PSEUDONYM,
) -> FieldProfiles:
    """What every field of both sides holds, and how far the fields of each mapping agree in matched records.

    `fields` has one row per field of a side of an enabled object: how many records fill it, with how many different
    values, how long, which most often. `agreement` has one row per mapping: the matched pairs in which both hold the
    same, something else, only one of them anything. Values of people are shown at the level `masking` unless `masked`
    is False: options, yes and no at every level, and numbers of people rounded to fives at `counts`. `snapshot` is
    the one that was forecast; without it, it is looked for where the forecast was made from.

    This computes: one pass over each record table, and one over each column; a second or two for the demo.

    Raises UsageError when there is no such level, when `snapshot` is not the one that was forecast, and when it is
    needed and not there any more.

    >>> profiles = kit.profile_fields(kit.open_forecast("out/demo/forecast"))
    >>> next(row["frequent"] for row in profiles.of("contact", "dynamics") if row["field"] == "statecode")
    (('Active', 1418), ('Inactive', 82))
    """
    from dynsync_lib.forecasts.field_profiles import profile_forecast  # a forecast does not wait for it

    level = read_masking(masking) if masked else Masking.NONE
    return profile_forecast(opened_forecast(forecast), rulebook=rulebook(), snapshot=snapshot, masking=level)


def find_records_of(
    forecast: AnyForecast | AnyFinding, finding: AnyFinding | AnyForecast, *, snapshot: str | Path | None = None
) -> FindingRecords:
    """The rows of `records_of` without a frame, with the findings they belong to and what is not among them."""
    from dynsync_lib.forecasts.finding_records import find_records  # a forecast does not wait for it

    named: Any = forecast
    wanted: Any = finding
    if _names_forecast(wanted) and not _names_forecast(named):
        named, wanted = wanted, named
    if not isinstance(wanted, str):
        wanted = {str(name): value for name, value in wanted.items()}
    opened = opened_forecast(named)
    behind = find_records(opened, wanted, rulebook=rulebook(), snapshot=snapshot)
    return behind if behind.findings else replace(behind, not_checked=_say_of_list(opened, behind))


def _say_of_list(forecast: Forecast, behind: FindingRecords) -> tuple[str, ...]:
    """What nobody checked of a list beside findings, or, of an empty one, that there is nothing to list."""
    from dynsync_lib.report.figures import say_unchecked

    return say_unchecked(forecast) or (() if len(behind) else ("The forecast has none of these.",))


def _names_forecast(value: AnyForecast | AnyFinding) -> bool:
    """Whether it is a forecast or a folder, and so no finding."""
    return isinstance(value, Forecast | Path) or (isinstance(value, str) and Path(value).is_dir())
