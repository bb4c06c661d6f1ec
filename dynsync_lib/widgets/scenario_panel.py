"""The scenario panel of a notebook: switches above, figures of all scenarios side by side below.

Facts
    * It shows the state and calls it; what a switch means is decided there (`scenarios.draft`).
    * All switches are sent at once, so that to look at another object, mapping or question asks nothing of Python.
    * Figures are drawn anew only when they are others.

Not modelled
    * Mappings that are not there yet: the mapping editor adds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import traitlets

from dynsync_lib.core.model import Object
from dynsync_lib.report.words import DIRECTIONS, SYSTEMS, object_in_both, split_question
from dynsync_lib.widgets.answering_widget import AnsweringWidget, Deeds, Message, read_script, read_style

_SWITCHES: Final = ("enabled", "direction", "conflict_winner", "filter_to_hubspot", "filter_to_dynamics")
_YES_NO: Final[Mapping[str, str]] = {"true": "yes", "false": "no"}
Row = Mapping[str, Any]


class Draft(Protocol):
    """The state behind the panel: `scenarios.draft.ScenarioDraft`."""

    message: str
    is_refused: bool

    @property
    def objects(self) -> tuple[str, ...]: ...

    @property
    def assumptions(self) -> dict[str, tuple[str, ...]]: ...

    @property
    def questions(self) -> dict[str, str]: ...

    @property
    def flows(self) -> tuple[str, ...]: ...

    @property
    def rows(self) -> Sequence[Row]: ...

    @property
    def notes(self) -> Sequence[str]: ...

    @property
    def kept(self) -> tuple[str, ...]: ...

    @property
    def is_tried(self) -> bool: ...

    def choices(self, key: str) -> tuple[str, ...]: ...

    def value(self, object_: str, key: str) -> Any: ...

    def choice(self, assumption: str) -> str: ...

    def mappings(self, object_: str) -> dict[str, str]: ...

    def mapping(self, object_: str, hubspot: str) -> str: ...

    def switch(self, object_: str, key: str, value: Any) -> None: ...

    def choose(self, assumption: str, choice: str) -> None: ...

    def turn(self, object_: str, hubspot: str, direction: str) -> None: ...

    def reset(self) -> None: ...

    def keep(self, name: str) -> None: ...

    def forget(self, name: str) -> None: ...

    def write(self, name: str) -> None: ...


class ScenarioView(AnsweringWidget):
    """The panel as a widget. `show` makes HTML of the rows of all scenarios and of what was not checked."""

    _esm = read_script("scenario_panel")
    _css = read_style("scenario_panel")
    words = traitlets.Dict().tag(sync=True)
    switches = traitlets.Dict().tag(sync=True)
    figures = traitlets.Unicode().tag(sync=True)

    def __init__(self, draft: Draft, *, show: Callable[[Sequence[Row], Sequence[str]], str]) -> None:
        super().__init__()
        self.draft, self._show = draft, show
        self._figures_of: tuple[Sequence[Row], Sequence[str]] | None = None
        self.words = _words(draft)
        self._refresh()
        self._say(draft.message)

    def _refresh(self) -> None:
        """Shows the state as it is now."""
        draft = self.draft
        self.switches = {
            "objects": {object_: self._switches_of(object_) for object_ in draft.objects},
            "answers": {id_: draft.choice(id_) for id_ in draft.assumptions},
            "kept": list(draft.kept),
            "is_tried": draft.is_tried,
        }
        shown = draft.rows, draft.notes
        if shown != self._figures_of:
            self._figures_of, self.figures = shown, self._show(*shown)

    def _switches_of(self, object_: str) -> dict[str, Any]:
        """The switches of an object by key, and its mappings: both fields, and which way each is turned."""
        draft = self.draft
        mappings = [[*fields, draft.mapping(object_, fields[0])] for fields in draft.mappings(object_).items()]
        return {**{key: draft.value(object_, key) for key in _SWITCHES}, "mappings": mappings}

    def _deeds(self) -> Deeds:
        draft = self.draft
        return {
            "switch": self._after(draft.switch, "object", "key", "value"),
            "turn": self._after(draft.turn, "object", "hubspot", "direction"),
            "choose": self._after(draft.choose, "assumption", "choice"),
            "reset": self._after(draft.reset),
            "keep": self._after(draft.keep, "name"),
            "forget": self._after(draft.forget, "name"),
            "write": self._after(draft.write, "name"),
        }

    def _after(self, work: Callable[..., None], *names: str) -> Callable[[Message], str | None]:
        """Calls the state with these parts of a message, and tells what came of it."""

        def do(message: Message) -> None:
            work(*(message[name] for name in names))
            self._refresh()
            self._say(self.draft.message, is_fault=self.draft.is_refused)

        return do


def _words(draft: Draft) -> dict[str, Any]:
    """What people read, by what the settings say."""
    return {
        "objects": {object_: object_in_both(Object(object_)) for object_ in draft.objects},
        "directions": {direction: DIRECTIONS[direction] for direction in draft.choices("direction")},
        "winners": {system: SYSTEMS[system] for system in draft.choices("conflict_winner")},
        "flows": {flow: DIRECTIONS.get(flow, flow) for flow in draft.flows},
        "questions": {id_: split_question(question) for id_, question in draft.questions.items()},
        "choices": {id_: {choice: _choice_word(choice) for choice in of} for id_, of in draft.assumptions.items()},
    }


def _choice_word(choice: str) -> str:
    """Such as "first wins" for `first_wins`."""
    return _YES_NO.get(choice, choice.replace("_", " "))
