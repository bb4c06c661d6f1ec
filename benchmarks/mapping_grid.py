"""The rows of the mapping editor in plain ipywidgets: 25 rows that are used again for every page and search.

What `mapping_view.py` compares the kit's view with. The notebook that it runs imports it.
"""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets

from dynsync_lib.core.advice.field_facts import FieldFacts
from dynsync_lib.core.model import Direction
from dynsync_lib.mapping_editor.editor import MappingEditor
from dynsync_lib.mapping_editor.field_rows import FieldRow, find_rows, kind_words
from dynsync_lib.widgets.mapping_widget import PAGE_ROWS


class MappingGrid:
    """The grid; `box` is what is shown. Classes name what a benchmark looks for: grid-search, grid-count, grid-last."""

    def __init__(self, editor: MappingEditor) -> None:
        self._rows = editor.rows("contact")
        self._search = ipywidgets.Text(description="Search", continuous_update=True)
        self._search.add_class("grid-search")
        self._search.observe(self._show, names="value")
        self._count = ipywidgets.HTML()
        self._count.add_class("grid-count")
        self._lines = [_Line() for _ in range(PAGE_ROWS)]
        self._lines[-1].verdict.add_class("grid-last")
        self._show()
        self.box: Any = ipywidgets.VBox([self._search, self._count, *(line.box for line in self._lines)])

    def _show(self, *_: object) -> None:
        rows = find_rows(self._rows, search=self._search.value)
        for number, line in enumerate(self._lines):
            line.show(rows[number] if number < len(rows) else None)
        self._count.value = f"{len(rows)} of {len(self._rows)} rows"


class _Line:
    def __init__(self) -> None:
        self.hubspot, self.dynamics, self.verdict = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        self.direction = ipywidgets.Dropdown(options=["", *map(str, Direction)], description="Direction")
        self.remove = ipywidgets.Button(description="Remove")
        self.box = ipywidgets.HBox([self.hubspot, self.direction, self.dynamics, self.verdict, self.remove])

    def show(self, row: FieldRow | None) -> None:
        """A row in the line, or nothing."""
        self.box.layout.visibility = "visible" if row is not None else "hidden"
        if row is not None:
            self.hubspot.value, self.dynamics.value = _side(row.hubspot), _side(row.dynamics)
            self.direction.value = row.direction or ""
            self.verdict.value = f"<b>{row.verdict}</b> {escape(row.reason or '')}"


def _side(facts: FieldFacts | None) -> str:
    if facts is None:
        return ""
    filled = f"{kind_words(facts)}, filled in {facts.filled} of {facts.records}"
    return f"<b>{escape(facts.field.label)}</b> {escape(facts.field.name)}<br>{filled}"
