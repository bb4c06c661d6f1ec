"""The editor's state: the mappings of an engagement, changed step by step, undone, and saved with comments kept.

Facts
    * Every step is read by the kit's own reader before it counts; what the reader refuses leaves the state as it was.
    * A field may be in one mapping only (5.4), so mapping it anew takes its other own mappings away, in the same step.
    * Saving makes the changes in the file as it is then, so that what others changed in the meantime stays.

Not modelled
    * Undoing a step that was saved.
    * Whether HubSpot's mapping screen offers a field: one that it does not offer cannot be mapped (5.5).

Source: rules field.mapped-once, field.default-mapping, field.missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from dynsync_lib.core.model import Direction, Object, System, read_word
from dynsync_lib.core.settings import FieldMapping, Settings
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.core.suggestions.suggest import Suggestion
from dynsync_lib.errors import UsageError
from dynsync_lib.mapping_editor.changed_mappings import changes_towards, tell_changes
from dynsync_lib.mapping_editor.field_rows import FieldRow, fields_of, make_rows
from dynsync_lib.mapping_editor.mapping_workbook import MappingSheets, write_workbook
from dynsync_lib.mapping_editor.snapshot_fields import OptionPair, SnapshotFields
from dynsync_lib.mapping_editor.workbook_reading import read_workbook
from dynsync_lib.settings_changes.changes import Change, RemoveMapping, SetMapping, not_mapped
from dynsync_lib.settings_changes.settings_text import change_settings_text

NOT_OFFERED: Final = "HubSpot's mapping screen has the last word: a field that you do not see there cannot be mapped."
_OWN_MAPPINGS: Final[Mapping[bool | None, tuple[str, ...]]] = {
    True: (),
    False: ("Own mappings need a paid Data Hub, and the settings name none: only default ones will work.",),
    None: ("Own mappings need a paid Data Hub; whether the portal has one is not known: the settings do not say.",),
}
"""What is said of own mappings, by whether the portal may have them; None when that is not known."""
_FILE: Final = "dynsync.toml"
_ROUNDS: Final = 3
"""Where an own mapping goes, a default one may be in force again, and has to go, too."""


class MappingEditor:
    """Mappings of all objects, over a settings file and a snapshot.

    `save` makes changes in the file and gives back its text. `try_out` tries the mappings of the file in the test
    portals, None where no pair of them is set. `suggestions` are shown beside fields that are not mapped.
    """

    def __init__(
        self,
        text: str,
        fields: SnapshotFields,
        *,
        save: Callable[[Sequence[Change]], str],
        try_out: Callable[[], Any] | None = None,
        suggestions: Iterable[Suggestion] = (),
    ) -> None:
        self.fields = fields
        self._save, self._try_out = save, try_out
        self._suggestions = _by_field(suggestions)
        self._begin(text)

    def _begin(self, text: str) -> None:
        self.saved = self.settings = self._read(text)
        self._steps: list[tuple[tuple[Change, ...], str, Settings]] = []
        self._text = text

    def _read(self, text: str) -> Settings:
        return parse_settings(text, file=_FILE, rulebook=self.fields.rulebook, catalogue=self.fields.catalogue)

    # --- looking ------------------------------------------------------------------------------------------------

    @property
    def objects(self) -> list[Object]:
        """The objects, those that sync first."""
        return sorted(Object, key=lambda object_: not self.settings.sync[object_].enabled)

    def rows(self, object_: Object | str) -> list[FieldRow]:
        """Every mapping and every field that is in none. Computes the verdicts on mappings that are new.

        Raises UsageError, as all that takes an object does, when there is no such object.
        """
        object_ = read_word(object_, Object, "object")
        return make_rows(
            self.fields.facts(object_, self.settings),
            self.settings.sync[object_],
            self.fields.verdicts(object_, self.settings),
            rulebook=self.fields.rulebook,
            assumptions=self.settings.assumptions,
            suggestions=self._suggestions.get(object_, {}),
        )

    def option_pairs(self, object_: Object | str, hubspot: str, dynamics: str) -> list[OptionPair]:
        """The options of a mapped choice, pair by pair, then those without a partner; empty for other mappings.

        Computes: counts the records of each option.
        """
        object_ = read_word(object_, Object, "object")
        return self.fields.option_pairs(object_, self._mapping(object_, hubspot, dynamics), self.settings)

    def instead(self, object_: Object | str, row: FieldRow) -> str | None:
        """What to do in place of a mapping that cannot be, in full: of a lookup its recipe. Computes for lookups."""
        column = row.dynamics.field if row.dynamics is not None and row.dynamics.kind == "lookup" else None
        if column is None:
            return row.instead
        return self.fields.recipe(read_word(object_, Object, "object"), column, self.settings)

    def notes(self) -> list[str]:
        """What stands above all rows: where metadata was lacking, and what HubSpot's plan and screen may not allow."""
        lacking = [system.label for system in System if self.fields.catalogue.standard.get(system, False)]
        notes = [f"{system} came without metadata: its fields are those of the standard schema." for system in lacking]
        return [*notes, *_OWN_MAPPINGS[self.settings.hubspot.has_own_mappings], NOT_OFFERED]

    # --- changing -----------------------------------------------------------------------------------------------

    def map(
        self, object_: Object | str, hubspot: str, dynamics: str, direction: Direction | str = Direction.TWO_WAY
    ) -> None:
        """Maps two fields; other own mappings of either are taken away.

        Raises SettingsError, and changes nothing, when a field is not there.
        """
        object_ = read_word(object_, Object, "object")
        others = [
            RemoveMapping(object_, *mapping.names)
            for mapping in self.settings.sync[object_].mappings
            if mapping.origin == "own" and (mapping.hubspot == hubspot) != (mapping.dynamics == dynamics)
        ]
        self._step(*others, SetMapping(object_, hubspot, dynamics, read_word(direction, Direction, "direction")))

    def unmap(self, object_: Object | str, hubspot: str, dynamics: str) -> list[FieldMapping]:
        """Takes a mapping away; gives back the default mappings in whose place it stood, which are in force again.

        Raises UsageError when it is not there.
        """
        object_ = read_word(object_, Object, "object")
        before = self.settings.sync[object_].mappings
        self._step(RemoveMapping(object_, hubspot, dynamics))
        is_default = {mapping.names for mapping in before if mapping.origin == "default"}
        after = [mapping for mapping in self.settings.sync[object_].mappings if mapping.origin == "default"]
        return [mapping for mapping in after if mapping.names not in is_default]

    def set_direction(self, object_: Object | str, hubspot: str, dynamics: str, direction: Direction | str) -> None:
        """Says which way a mapping flows. Raises UsageError when there is no such mapping."""
        object_ = read_word(object_, Object, "object")
        self._mapping(object_, hubspot, dynamics)
        self._step(SetMapping(object_, hubspot, dynamics, read_word(direction, Direction, "direction")))

    def pair_options(self, object_: Object | str, hubspot: str, dynamics: str, pairs: Mapping[str, str]) -> None:
        """Pairs HubSpot's options with Dynamics's, by value or label; without pairs, labels decide again.

        Raises SettingsError, and changes nothing, for what is no option; UsageError when there is no such mapping.
        """
        object_ = read_word(object_, Object, "object")
        self._mapping(object_, hubspot, dynamics)
        self._step(SetMapping(object_, hubspot, dynamics, options=dict(pairs)))

    def undo(self) -> bool:
        """Takes the last step back; False when there is none since the last save."""
        if not self._steps:
            return False
        _, self._text, self.settings = self._steps.pop()
        return True

    @property
    def steps(self) -> int:
        """How many steps can be undone."""
        return len(self._steps)

    def _changed(self, changes: Sequence[Change]) -> str:
        rulebook, catalogue = self.fields.rulebook, self.fields.catalogue
        return change_settings_text(self._text, changes, rulebook=rulebook, catalogue=catalogue, file=_FILE)

    def _step(self, *changes: Change) -> None:
        text = self._changed(changes)
        if text != self._text:
            self._steps.append((changes, self._text, self.settings))
            self._text, self.settings = text, self._read(text)

    def _mapping(self, object_: Object, hubspot: str, dynamics: str) -> FieldMapping:
        for mapping in self.settings.sync[object_].mappings:
            if mapping.names == (hubspot, dynamics):
                return mapping
        raise not_mapped(object_, hubspot, dynamics)

    # --- keeping ------------------------------------------------------------------------------------------------

    def changes(self) -> list[str]:
        """What is different from the file, a sentence for each mapping."""
        return tell_changes(self.saved, self.settings)

    def save(self) -> int:
        """Makes all steps in the file, and gives back how many; they cannot be undone any more.

        Raises SettingsError, and writes nothing, when the file has been changed so that they do not fit any more.
        """
        steps = len(self._steps)
        if steps:
            self._begin(self._save([change for changes, _, _ in self._steps for change in changes]))
        return steps

    def export_workbook(self, path: str | Path) -> Path:
        """Writes all mappings, their options and every field into an XLSX file, which people can edit and load.

        An earlier one is replaced. Raises UsageError when the folder is not there, or something else has the name.
        Computes: counts the options of every mapped choice.
        """
        path = Path(path)
        synced = [object_ for object_ in self.objects if self.settings.sync[object_].enabled]
        options = {
            (object_, *mapping.names): pairs
            for object_ in synced
            for mapping in self.settings.sync[object_].mappings
            if (pairs := self.fields.option_pairs(object_, mapping, self.settings))
        }
        rows = {object_: self.rows(object_) for object_ in synced}
        write_workbook(path, MappingSheets(self.fields.portals, rows, options))
        return path

    def load_workbook(self, path: str | Path) -> list[str]:
        """Makes the mappings those of an XLSX file, as one step, and says what is then different from the saved file.

        An object that the file does not name is left alone. Raises InputFileError, which names sheet and cell, and
        changes nothing, when the file is of other portals, is no workbook, or says something that cannot be.
        """
        wanted = read_workbook(Path(path), self.fields.catalogue, self.fields.portals)
        changes: list[Change] = []
        settings = self.settings
        for _ in range(_ROUNDS):
            more = [
                change
                for object_, mappings in wanted.items()
                for change in changes_towards(
                    settings.sync[object_].mappings, mappings, object_, partial(self.fields.paired, object_, settings)
                )
            ]
            if not more:
                break
            changes += more
            settings = self._read(self._changed(changes))
        self._step(*changes)
        return self.changes()

    @property
    def can_be_tried(self) -> bool:
        """Whether a pair of test portals is set."""
        return self._try_out is not None

    def try_out(self) -> Any:
        """Tries the mappings of the file in the test portals; see `kit.try_mapping`.

        Raises UsageError when no test portals are set, or steps are not saved yet.
        """
        if self._try_out is None:
            raise UsageError(
                "No test portals are set.",
                next_step="Name them under [rehearsal.hubspot] and [rehearsal.dynamics] of the settings.",
            )
        if self._steps:
            raise UsageError("The trial reads the file, and not all is saved.", next_step="Save, then try.")
        return self._try_out()


def _by_field(suggestions: Iterable[Suggestion]) -> dict[Object, dict[tuple[System, str], tuple[Suggestion, ...]]]:
    """The suggestions for each field of both sides, the best first."""
    by_object: dict[Object, dict[tuple[System, str], list[Suggestion]]] = {}
    for suggestion in suggestions:
        for field in fields_of(suggestion):
            by_object.setdefault(Object(suggestion.object), {}).setdefault(field, []).append(suggestion)
    return {
        object_: {field: tuple(sorted(some, key=_best_first)) for field, some in fields.items()}
        for object_, fields in by_object.items()
    }


def _best_first(suggestion: Suggestion) -> tuple[float, int, str, str]:
    return -suggestion.score, suggestion.rank, suggestion.hubspot_field, suggestion.dynamics_field
