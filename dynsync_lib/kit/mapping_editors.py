"""The mapping editor over a settings file and a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dynsync_lib.core.model import Object
from dynsync_lib.core.settings import RehearsalSettings
from dynsync_lib.kit.rulebooks import read_settings, rulebook, settings_text
from dynsync_lib.kit.settings_files import change_settings
from dynsync_lib.kit.trials import try_mapping
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    import pandas as pd

    from dynsync_lib.mapping_editor.editor import MappingEditor
    from dynsync_lib.rehearsal.mapping_trial.results import MappingTrial
    from dynsync_lib.settings_changes.changes import Change
    from dynsync_lib.widgets.mapping_widget import MappingWidget


def mapping_editor(
    settings: str | Path, snapshot: str | Path | Snapshot, *, masked: bool = True, emulated: bool = False
) -> MappingWidget:
    """The editor of field mappings, to be shown in a notebook; its `editor` does the same without a browser.

    Takes, raises and computes what `open_mapping_editor` does.

    >>> widget = kit.mapping_editor("out/demo/dynsync.toml", "out/demo/snapshot")
    >>> widget.shown["object"], len(widget.shown["rows"]), widget.editor.changes()
    ('contact', 75, [])
    """
    from dynsync_lib.widgets.mapping_widget import MappingWidget  # brings what notebooks need, and nobody else

    return MappingWidget(open_mapping_editor(settings, snapshot, masked=masked, emulated=emulated))


def open_mapping_editor(
    settings: str | Path, snapshot: str | Path | Snapshot, *, masked: bool = True, emulated: bool = False
) -> MappingEditor:
    """The state of the editor: every field of both sides, steps that can be undone, and saving with comments kept.

    With `masked`, the default, values of people are hidden. Mappings are tried in the test portals of the settings, if
    `[rehearsal]` names both, or with `emulated` in emulated ones, which run only as long as a trial. This computes what
    `suggest_mappings` does: a second or two.

    Raises SettingsError for a file that is not there or has faults, SnapshotError for a snapshot that cannot be read.

    >>> editor = kit.open_mapping_editor("out/demo/dynsync.toml", "out/demo/snapshot")
    >>> editor.map("contact", "department", "department", "to_hubspot")
    >>> editor.changes()
    ['Contact: department and department are mapped, to HubSpot.']
    """
    from dynsync_lib.core.suggestions.suggest import Suggestion
    from dynsync_lib.kit.suggestions import find_suggestions
    from dynsync_lib.mapping_editor.editor import MappingEditor
    from dynsync_lib.mapping_editor.snapshot_fields import SnapshotFields

    path = Path(settings)
    opened = snapshot if isinstance(snapshot, Snapshot) else open_snapshot(snapshot)

    def save(changes: Sequence[Change]) -> str:
        change_settings(path, changes, snapshot=opened)
        return settings_text(path)

    return MappingEditor(
        settings_text(path),
        SnapshotFields(opened, rulebook(), shows_people=not masked),
        save=save,
        try_out=_trial(path, read_settings(path, snapshot=opened).rehearsal, emulated=emulated),
        suggestions=[Suggestion(**{**row, "object": Object(row["object"])}) for row in find_suggestions(opened)],
    )


def _trial(path: Path, rehearsal: RehearsalSettings, *, emulated: bool) -> Callable[[], MappingTrial] | None:
    """How the mappings of the file are tried; None where there is nothing to try them in."""
    if emulated:
        return lambda: _try_in_emulator(path)
    if rehearsal.hubspot is None or rehearsal.dynamics is None:
        return None
    return lambda: try_mapping(path)


def _try_in_emulator(path: Path) -> MappingTrial:
    from dynsync_lib.kit.portals import emulate

    with emulate() as portals:
        return try_mapping(path, addresses=portals.addresses)


def fields_table(
    editor: MappingEditor, object_: str, *, search: str = "", shown: str = "all", verdict: str | None = None
) -> pd.DataFrame:
    """The rows of the editor for one object: first its mappings, then the fields that are in none.

    `search` are words to look for; `shown` is all, mapped, unmapped or suggested; `verdict` is ok, one_way, lossy,
    blocked or not_checked. Columns: hubspot_field, hubspot_filled (records with a value; null when not delivered),
    dynamics_field, dynamics_filled, direction (null when not mapped), verdict, allowed (which way values can flow, null
    for none), reason, instead, rule_id, suggested (the other field, the best first).

    Raises ValueError for an object, or a verdict, that is none.

    >>> editor = kit.open_mapping_editor("out/demo/dynsync.toml", "out/demo/snapshot")
    >>> kit.fields_table(editor, "contact", search="lookup", shown="unmapped")["dynamics_field"].tolist()
    ['accountid', 'masterid', 'transactioncurrencyid']
    """
    import pandas as pd

    from dynsync_lib.core.model import Verdict
    from dynsync_lib.mapping_editor.field_rows import COLUMNS, find_rows

    wanted = None if verdict is None else Verdict(verdict)
    rows = find_rows(editor.rows(object_), search=search, shown=shown, verdict=wanted)
    frame = pd.DataFrame([row.as_dict() for row in rows], columns=list(COLUMNS))
    return frame.astype({"hubspot_filled": "Int64", "dynamics_filled": "Int64"})
