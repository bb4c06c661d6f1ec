"""The mapping editor in a notebook: a view of `mapping_editor.editor`, drawn in the browser by the script beside it.

Facts
    * All rows of an object are sent once; search, filters and pages are the browser's own work.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import traitlets

from dynsync_lib.core.advice.field_facts import FieldFacts
from dynsync_lib.core.masking import FILLED
from dynsync_lib.core.model import Direction, Object
from dynsync_lib.mapping_editor.editor import MappingEditor
from dynsync_lib.mapping_editor.field_rows import FieldRow, kind_words
from dynsync_lib.report.words import DIRECTIONS, VERDICTS, format_share, object_in_both
from dynsync_lib.widgets.answering_widget import AnsweringWidget, Deeds, Message, read_script, read_style

PAGE_ROWS: Final = 25
_MOST_SUGGESTED: Final = 3
_MOST_TRIED: Final = 200
"""Values of a trial that are shown, those that differ first."""


class MappingWidget(AnsweringWidget):
    """The view of an editor. `editor` is the state, which can be used without the view; `refresh` shows it again."""

    _esm = read_script("mapping_widget")
    _css = read_style("mapping_widget")
    shown = traitlets.Dict().tag(sync=True)
    details = traitlets.Dict().tag(sync=True)
    trial = traitlets.Dict().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    def __init__(self, editor: MappingEditor) -> None:
        super().__init__()
        self.editor = editor
        self._object = editor.objects[0]
        self.words = {
            "objects": {object_.value: object_in_both(object_) for object_ in Object},
            "verdicts": {verdict: word.word for verdict, word in VERDICTS.items()},
            "directions": {direction.value: DIRECTIONS[direction] for direction in Direction},
            "page_rows": PAGE_ROWS,
            "hidden": FILLED,
        }
        self.refresh()

    def refresh(self) -> None:
        """Shows the state as it is now."""
        editor, object_ = self.editor, self._object
        self.shown = {
            "object": object_.value,
            "objects": [(each.value, editor.settings.sync[each].enabled) for each in editor.objects],
            "rows": [_row(row) for row in editor.rows(object_)],
            "notes": editor.notes(),
            "changes": editor.changes(),
            "steps": editor.steps,
            "can_try": editor.can_be_tried,
        }

    def _deeds(self) -> Deeds:
        return {
            "show": self._show,
            "map": self._map,
            "remove": self._remove,
            "direction": self._set_direction,
            "options": self._pair_options,
            "details": self._tell_details,
            "undo": self._undo,
            "save": self._save,
            "export": self._export,
            "load": self._load,
            "try": self._try,
        }

    def _show(self, message: Message) -> str:
        self._object = Object(message["object"])
        self.refresh()
        return ""

    def _map(self, message: Message) -> str:
        hubspot, dynamics = message["hubspot"], message["dynamics"]
        self.editor.map(self._object, hubspot, dynamics)
        self.refresh()
        return f"{hubspot} and {dynamics} are mapped."

    def _remove(self, message: Message) -> str:
        hubspot, dynamics = message["hubspot"], message["dynamics"]
        back = self.editor.unmap(self._object, hubspot, dynamics)
        self.refresh()
        again = [f" By default {mapping.hubspot} and {mapping.dynamics} are mapped now." for mapping in back]
        return "".join([f"{hubspot} and {dynamics} are not mapped any more.", *again])

    def _set_direction(self, message: Message) -> str:
        hubspot, dynamics = message["hubspot"], message["dynamics"]
        self.editor.set_direction(self._object, hubspot, dynamics, message["direction"])
        self.refresh()
        return f"The direction of {hubspot} and {dynamics} is set."

    def _pair_options(self, message: Message) -> str:
        hubspot, dynamics = message["hubspot"], message["dynamics"]
        self.editor.pair_options(self._object, hubspot, dynamics, message["pairs"])
        self.refresh()
        return f"The options of {hubspot} and {dynamics} are paired."

    def _tell_details(self, message: Message) -> None:
        """Options with their records, and in full what to do instead, of one row. What was said before stays."""
        key = str(message["key"])
        row = next(row for row in self.editor.rows(self._object) if row.key == key)
        mapping = row.mapping
        pairs = self.editor.option_pairs(self._object, mapping.hubspot, mapping.dynamics) if mapping else []
        self._answers += 1
        self.details = {
            "number": self._answers,
            "key": key,
            "instead": self.editor.instead(self._object, row),
            "options": [asdict(pair) for pair in pairs],
        }

    def _undo(self, _: Message) -> str:
        is_undone = self.editor.undo()
        self.refresh()
        return "The last step is undone." if is_undone else "There is nothing to undo since the last save."

    def _save(self, _: Message) -> str:
        steps = self.editor.save()
        self.refresh()
        return f"{steps} {'step is' if steps == 1 else 'steps are'} saved." if steps else "There is nothing to save."

    def _export(self, message: Message) -> str:
        return f"The mappings are in {self.editor.export_workbook(message['path'])}."

    def _load(self, message: Message) -> str:
        steps = self.editor.steps
        self.editor.load_workbook(message["path"])
        self.refresh()
        if self.editor.steps == steps:
            return f"{message['path']} says what the editor says already."
        return f"The mappings of {message['path']} are loaded, and not saved yet."

    def _try(self, _: Message) -> str:
        trial = self.editor.try_out()
        differing = len(trial.differences)
        rows = sorted(trial.rows, key=lambda row: not row["differs"])
        self.trial = {"rows": [{**row, "value": row["value"] or ""} for row in rows[:_MOST_TRIED]]}
        return f"{len(trial.rows):,} values were tried; {differing:,} ended otherwise than the forecast says."


def _row(row: FieldRow) -> dict[str, Any]:
    suggestions = [
        {"field": name, "score": suggestion.score, "reason": suggestion.reason}
        for name, suggestion in zip(row.suggested, row.suggestions, strict=True)
    ]
    return {
        "key": row.key,
        "hubspot": _side(row.hubspot, row.names[0]),
        "dynamics": _side(row.dynamics, row.names[1]),
        "verdict": row.verdict.value,
        "direction": row.direction,
        "allowed": row.allowed,
        "reason": row.reason,
        "instead": row.instead,
        "rule": row.rule_id,
        "origin": row.mapping and row.mapping.origin,
        "search": row.search_text,
        "suggestions": suggestions[:_MOST_SUGGESTED],
        "has_recipe": row.dynamics is not None and row.dynamics.kind == "lookup",
        "has_options": row.is_mapped and all(side.kind in ("choice", "several_choices") for side in row.sides),
    }


def _side(facts: FieldFacts | None, name: str | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {
        "name": name,
        "label": facts.field.label,
        "kind": kind_words(facts),
        "records": facts.records,
        "filled": facts.filled,
        "share": format_share(facts.filled / facts.records) if facts.filled is not None and facts.records else "",
        "samples": list(facts.samples),
    }
