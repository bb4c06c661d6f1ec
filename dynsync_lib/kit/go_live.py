"""What a team needs on the day of the go-live, written out of a forecast.

Where it is used: `kit`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynsync_lib.core.masking import Masking
from dynsync_lib.errors import DynsyncError, UsageError
from dynsync_lib.forecasts.forecast_folder import Forecast, mask_of, read_masking
from dynsync_lib.kit.opened import AnyForecast, opened_forecast

if TYPE_CHECKING:
    from dynsync_lib.go_live.pack import GoLivePack

_CUSTOM_TABLES: Final = "G56"


def go_live_pack(
    forecast: AnyForecast,
    out: str | Path,
    *,
    masking: str = Masking.PSEUDONYM,
    replay: str | Path | None = None,
    snapshot: str | Path | None = None,
) -> GoLivePack:
    """The go-live pack of a forecast as a folder: a workbook, and the rollback sheet as CSV files.

    The workbook has a checklist, the first 48 hours by Sync Health's lists, automations to pause with the records that
    would enter them, rights of the sync's user, custom tables, HubSpot Embed, fields that are meant for new records
    alone, what cannot be undone, numbers of what happened afterwards out of a `replay`, and a drill for the test
    portals. The rollback sheet names every record that is created and every value before it is written. What nobody
    told the kit says `not checked`.

    People are masked at the level `masking`: to put values back, write the pack with `none`; `counts` lists no record.
    Custom tables are listed from the snapshot, which is looked for where the forecast found it; `snapshot` is another
    place. An earlier pack in `out` is replaced. It reads the forecast's outcomes and changes once.

    Raises UsageError when `out` holds anything else, when there is no such level of masking, or when a masked forecast
    is to be shown at another level.

    >>> pack = kit.go_live_pack("out/demo/forecast", "out/go_live")
    >>> pack.would_enter["hubspot"] > 1000, pack.rows["Drill"]
    (True, 6)
    """
    from dynsync_lib.forecasts.replay_folder import open_replay
    from dynsync_lib.go_live.enrolments import count_enrolments
    from dynsync_lib.go_live.pack import write_pack
    from dynsync_lib.go_live.sheets import Material
    from dynsync_lib.kit.small_counts import say_unchecked_at

    opened, level = opened_forecast(forecast), read_masking(masking)
    if opened.is_masked and level not in {opened.masking, Masking.COUNTS}:
        raise UsageError("A masked forecast is shown at its own level.", next_step="Open it without masking it.")
    replayed = None if replay is None else open_replay(Path(replay))
    tables = _custom_tables(opened, snapshot)
    unchecked = say_unchecked_at(level, opened)
    material = Material(opened, level, count_enrolments(opened), replayed, tables, unchecked)
    return write_pack(material, mask_of(opened.folder, level), Path(out))


def _custom_tables(forecast: Forecast, snapshot: str | Path | None) -> list[str] | None:
    """What stands behind the finding about custom tables, one text a table; None when it cannot be listed."""
    from dynsync_lib.forecasts.finding_records import find_records
    from dynsync_lib.kit.rulebooks import rulebook

    counts = [row["count"] for row in forecast.rows("findings", where={"check_id": _CUSTOM_TABLES}) if row["count"]]
    if not counts:
        return None
    try:
        behind = find_records(forecast, _CUSTOM_TABLES, rulebook=rulebook(), snapshot=snapshot)
    except DynsyncError:
        if snapshot is not None:
            raise
        return None
    return [str(text) for text in behind.columns["detail"]]
