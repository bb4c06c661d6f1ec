"""What `forecast.json` says: what a forecast was made of, so that it can be told, repeated and explained.

Facts
    * The way to the snapshot is told as seen from the forecast, so that both can move together.

Where it is used: `kit.forecast`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import dynsync_lib
from dynsync_lib.core.fields.verdicts import is_impersonal
from dynsync_lib.core.filter_tree import text_of
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.rulebook import Check
from dynsync_lib.core.settings import ObjectSync, Settings
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.snapshot.snapshot import Snapshot, sha256_of

if TYPE_CHECKING:
    from dynsync_lib.forecasts.earlier_bindings import EarlierBindings

PROVIDERS: Final = {System.HUBSPOT: "hubspot/properties", System.DYNAMICS: "dynamics/columns"}
"""The table that says which fields a side has."""


def describe_forecast(
    snapshot: Snapshot, situation: Situation, rows: Mapping[str, int], *, folder: Path
) -> dict[str, Any]:
    """The content of `forecast.json` in `folder`; `rows` are the rows of each table written."""
    rulebook = situation.rulebook
    return {
        "kit_version": dynsync_lib.__version__,
        "rulebook_version": rulebook.version,
        **_origin(snapshot, situation.settings, folder),
        **_read(snapshot),
        **_asked(situation),
        "rows": dict(rows),
        "questions": {knob.id: knob.question for knob in rulebook.assumptions.values()},
        "wholes": {_check_key(check): check.of for check in rulebook.checks if check.of != "none"},
        "masked": False,
    }


def _origin(snapshot: Snapshot, settings: Settings, folder: Path) -> dict[str, Any]:
    """Which snapshot and settings a forecast in `folder` was made of, and which portals they are of."""
    return {
        "snapshot": seen_from(folder, snapshot.path),
        "snapshot_sha256": snapshot.manifest_sha256,
        "settings_sha256": settings.digest,
        "taken_at": snapshot.manifest["finished_at"],
        "taken_at_known": snapshot.is_taken_at_known,
        "source": snapshot.manifest["source"],
        "loaded": _loaded(snapshot.load_report),
        "portals": {
            "hubspot": {"id": snapshot.manifest["portals"]["hubspot"]["id"], "ui_domain": snapshot.ui_domain},
            "dynamics": {"url": settings.dynamics.url or None},
        },
        "settings": settings.document,
    }


def _read(snapshot: Snapshot) -> dict[str, Any]:
    """What of both portals the snapshot holds, and what it lacks."""
    return {
        "standard_schema": {system.value: not snapshot.is_provided(name) for system, name in PROVIDERS.items()},
        "records": {name: snapshot.rows(name) for name in RECORD_TABLES},
        "not_provided": [name for name in RECORD_TABLES if not snapshot.is_provided(name)],
    }


def _asked(situation: Situation) -> dict[str, Any]:
    """What the settings ask for: the sync of each object that is on, the answers given, marketing contacts."""
    settings = situation.settings
    synced = {object_: sync for object_, sync in settings.sync.items() if sync.enabled}
    return {
        "objects": {object_.value: _object_info(object_, sync, situation) for object_, sync in synced.items()},
        "assumptions": dict(sorted(settings.assumptions.items())),
        "settings_notes": list(settings.notes),
        "marketing": {
            "contacts": settings.hubspot.marketing_contacts,
            "tier": settings.hubspot.marketing_tier,
            "sync_as_marketing": settings.hubspot.sync_as_marketing,
        },
    }


def _loaded(report: Mapping[str, Any]) -> dict[str, Any]:
    """What was said when exported files were loaded, headings that were recognised as their number; empty for APIs."""
    if not report:
        return {}
    files = [{**file, "recognised": len(file["recognised"])} for file in report["files"]]
    return {"dates": [], "left_alone": [], **report, "files": files}


def _object_info(object_: Object, sync: ObjectSync, situation: Situation) -> dict[str, Any]:
    filters = {System.DYNAMICS: sync.filter_to_hubspot, System.HUBSPOT: sync.filter_to_dynamics}
    fields = [
        situation.catalogue.find(system, object_, name)
        for system, filter_ in filters.items()
        for name in (filter_.fields if filter_ is not None else ())
    ]
    return {
        "direction": sync.direction.value,
        "conflict_winner": sync.conflict_winner.value,
        "filter_to_hubspot": text_of(sync.filter_to_hubspot),
        "filter_to_dynamics": text_of(sync.filter_to_dynamics),
        "default_mappings": sync.default_mappings,
        "match_mode": sync.match_mode,
        "match_hubspot": sync.match_hubspot,
        "match_dynamics": sync.match_dynamics,
        "lifecycle_stages": list(sync.lifecycle_stages),
        "required_properties": list(sync.required_properties),
        "shown_when_masked": sorted(
            {field.name for field in fields if field and is_impersonal(field, situation.rulebook)}
        ),
    }


def _check_key(check: Check) -> str:
    """What tells a check's findings from those of all others."""
    return "|".join((check.id, check.system or "", check.object or "", check.rule_id))


def describe_sources(
    bindings: Path | None, beside: Sequence[Snapshot], *, folder: Path, earlier: EarlierBindings | None
) -> dict[str, Any]:
    """Where the pairs of an earlier run and the snapshots of further environments lay, seen from `folder`.

    `bindings` is null, or has `path` and the `sha256` of its file, which is that of the outcomes where it is a
    forecast, how many of its rows are `one_sided`, with an id on one side only, and the `notes` about them; `beside`
    has the path and the manifest's hash of each snapshot. `earlier` is what was read of the bindings.
    """
    file = None if bindings is None else bindings_file(bindings)
    return {
        "bindings": None
        if bindings is None or file is None or earlier is None
        else {
            "path": seen_from(folder, bindings),
            "sha256": sha256_of(file),
            "one_sided": earlier.one_sided,
            "notes": earlier.notes,
        },
        "beside": [{"path": seen_from(folder, other.path), "sha256": other.manifest_sha256} for other in beside],
    }


def bindings_file(bindings: Path) -> Path:
    """The file that holds the pairs: the outcomes of a forecast, or the file itself."""
    return bindings / "outcomes.parquet" if bindings.is_dir() else bindings


def seen_from(folder: Path, path: Path) -> str | None:
    """The way from a folder to a path; None where there is none (another drive)."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return None
