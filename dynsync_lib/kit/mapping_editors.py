"""The mapping editor over a settings file and a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynsync_lib.core.model import Object, Verdict, read_word
from dynsync_lib.core.settings import RehearsalSettings
from dynsync_lib.kit.opened import AnySnapshot, opened_snapshot
from dynsync_lib.kit.rulebooks import read_settings, rulebook, settings_text
from dynsync_lib.kit.settings_files import change_settings
from dynsync_lib.kit.trials import try_mapping

if TYPE_CHECKING:
    from dynsync_lib.mapping_editor.editor import MappingEditor
    from dynsync_lib.mapping_editor.field_rows import FieldRow
    from dynsync_lib.rehearsal.mapping_trial.results import MappingTrial
    from dynsync_lib.report.pieces import Piece
    from dynsync_lib.settings_changes.changes import Change
    from dynsync_lib.widgets.mapping_widget import MappingWidget


def mapping_editor(
    snapshot: AnySnapshot, settings: str | Path, *, masked: bool = True, emulated: bool = False
) -> MappingWidget:
    """The editor of field mappings, to be shown in a notebook; its `editor` does the same without a browser.

    Takes, raises and computes what `open_mapping_editor` does.

    >>> widget = kit.mapping_editor("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> widget.shown["object"], len(widget.shown["rows"]), widget.editor.changes()
    ('contact', 75, [])
    """
    from dynsync_lib.widgets.mapping_widget import MappingWidget  # brings what notebooks need, and nobody else

    return MappingWidget(open_mapping_editor(snapshot, settings, masked=masked, emulated=emulated))


def open_mapping_editor(
    snapshot: AnySnapshot, settings: str | Path, *, masked: bool = True, emulated: bool = False
) -> MappingEditor:
    """The state of the editor: every field of both sides, steps that can be undone, and saving with comments kept.

    With `masked`, the default, values of people are hidden. Mappings are tried in the test portals of the settings, if
    `[rehearsal]` names both, or with `emulated` in emulated ones, which run only as long as a trial. This computes what
    `suggest_mappings` does: a second or two.

    Raises SettingsError for a file that is not there or has faults, SnapshotError for a snapshot that cannot be read.

    >>> editor = kit.open_mapping_editor("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> editor.map("contact", "department", "department", "to_hubspot")
    >>> editor.changes()
    ['Contact: department and department are mapped, into HubSpot.']
    """
    from dynsync_lib.core.suggestions.suggest import Suggestion
    from dynsync_lib.kit.suggestions import find_suggestions
    from dynsync_lib.mapping_editor.editor import MappingEditor
    from dynsync_lib.mapping_editor.snapshot_fields import SnapshotFields

    path = Path(settings)
    opened = opened_snapshot(snapshot)

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
) -> Piece:
    """The rows of the editor for one object: first its mappings, then the fields that are in none.

    `search` are words to look for; `shown` is all, mapped, unmapped or suggested; `verdict` is ok, one_way, lossy,
    blocked or not_checked. `editor.rows` gives the same rows as values. Raises UsageError for an object, a sort of rows
    or a verdict that is none.

    >>> editor = kit.open_mapping_editor("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> kit.fields_table(editor, "contact", search="lookup", shown="unmapped")
    3 of 75 rows of contacts
    """
    from dynsync_lib.listing import counted
    from dynsync_lib.mapping_editor.field_rows import find_rows
    from dynsync_lib.report.tables import Grid, Head, show_table
    from dynsync_lib.report.words import object_word

    every = editor.rows(object_)
    wanted = None if verdict is None else read_word(verdict, Verdict, "verdict")
    rows = find_rows(every, search=search, shown=shown, verdict=wanted)
    heads = [
        Head("HubSpot property", "code"),
        Head("Filled", "number"),
        Head("Dynamics column", "code"),
        Head("Filled", "number"),
        Head("Verdict"),
        Head("Can flow"),
        Head("Why, and what to do instead"),
        Head("Suggested", "code"),
    ]
    caption = f"{len(rows):,} of {counted(len(every), 'row', 'rows')} of {object_word(object_)}"
    return show_table(Grid(caption, heads, list(map(_cells, rows)), unit="rows", empty="No row is left."))


def _cells(row: FieldRow) -> list[Any]:
    """A row for `fields_table`."""
    from dynsync_lib.report.tables import Badge, Lines
    from dynsync_lib.report.words import DIRECTIONS, VERDICTS, rank_of, word_of

    word = word_of(row.verdict.value, VERDICTS)
    return [
        *(row.hubspot and row.hubspot.field.name, row.hubspot and row.hubspot.filled),
        *(row.dynamics and row.dynamics.field.name, row.dynamics and row.dynamics.filled),
        Badge(word.word, word.tone, rank_of(row.verdict.value, VERDICTS)),
        DIRECTIONS["none" if row.allowed is None else row.allowed],
        Lines(row.reason or "", row.instead or ""),
        ", ".join(row.suggested),
    ]
