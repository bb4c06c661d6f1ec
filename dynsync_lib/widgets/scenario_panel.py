"""The scenario panel of a notebook: switches above, figures of all scenarios side by side below.

Facts
    * It shows the state and calls it; what a switch means is decided there (`scenarios.draft`).
    * Every control has a name that a screen reader reads, and the message below is a live region.

Not modelled
    * Mappings that are not there yet: the mapping editor adds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final, Protocol

from dynsync_lib.errors import DynsyncError

_WIDE: Final = "48%"
_FULL: Final = "97%"
_LABEL: Final = {"description_width": "130px"}
_NOT_MAPPED: Final = "not mapped"
_DIRECTIONS: Final = ("two_way", "to_hubspot", "to_dynamics")


class Draft(Protocol):
    """The state behind the panel: `scenarios.draft.ScenarioDraft`."""

    message: str

    @property
    def objects(self) -> tuple[str, ...]: ...

    @property
    def assumptions(self) -> dict[str, tuple[str, ...]]: ...

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]: ...

    @property
    def notes(self) -> Sequence[str]: ...

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

    def write(self, name: str) -> None: ...


class ScenarioView:
    """The panel as a widget. `show` makes HTML of the rows of all scenarios and of what was not checked."""

    def __init__(self, draft: Draft, *, show: Callable[[Sequence[Mapping[str, Any]], Sequence[str]], str]) -> None:
        import ipywidgets  # slow to import, and only notebooks need it

        self.draft, self._show, self._widgets = draft, show, ipywidgets
        self._is_filling = False
        self._object = self._dropdown("Records", draft.objects)
        self._syncs = {
            "enabled": ipywidgets.Checkbox(description="the sync is on", indent=True, style=_LABEL),
            "direction": self._dropdown("Direction", draft.choices("direction")),
            "conflict_winner": self._dropdown("Conflict winner", draft.choices("conflict_winner")),
            "filter_to_hubspot": self._text("Filter to HubSpot"),
            "filter_to_dynamics": self._text("Filter to Dynamics"),
        }
        self._question = self._dropdown("Open question", tuple(draft.assumptions))
        self._answer = self._dropdown("Answer", ())
        self._field = self._dropdown("Mapping", ())
        self._way = self._dropdown("Flows", (*_DIRECTIONS, _NOT_MAPPED))
        self._name = self._text("Name")
        self._chosen = self._dropdown("Scenario", ())
        self._message = ipywidgets.HTML()
        self._figures = ipywidgets.HTML()
        self.widget: Any = self._laid_out()
        self._fill()
        self._listen()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    @property
    def figures_shown(self) -> str:
        """The figures as HTML."""
        return str(self._figures.value)

    # --- controls -----------------------------------------------------------------------------------------------

    def _dropdown(self, name: str, options: Sequence[Any]) -> Any:
        layout = self._widgets.Layout(width=_WIDE)
        return self._widgets.Dropdown(description=name, options=options, style=_LABEL, layout=layout)

    def _text(self, name: str) -> Any:
        layout = self._widgets.Layout(width=_FULL)
        return self._widgets.Text(description=name, continuous_update=False, style=_LABEL, layout=layout)

    def _button(self, name: str, work: Callable[[], None]) -> Any:
        button = self._widgets.Button(description=name, layout=self._widgets.Layout(width="auto"))
        button.on_click(lambda _: self._do(work))
        return button

    def _laid_out(self) -> Any:
        row, syncs = self._widgets.HBox, self._syncs
        self._name.layout.width = self._chosen.layout.width = _WIDE
        keep = self._button("Keep as a scenario", lambda: self.draft.keep(self._name.value))
        reset = self._button("All as it is", self.draft.reset)
        write = self._button("Write to the settings", lambda: self.draft.write(self._chosen.value))
        return self._widgets.VBox(
            [
                row([self._object, syncs["enabled"]]),
                row([syncs["direction"], syncs["conflict_winner"]]),
                syncs["filter_to_hubspot"],
                syncs["filter_to_dynamics"],
                row([self._field, self._way]),
                row([self._question, self._answer]),
                row([self._name, keep, reset]),
                row([self._chosen, write]),
                self._message,
                self._figures,
            ]
        )

    def _listen(self) -> None:
        for shown in (self._object, self._field, self._question):
            shown.observe(lambda _: self._fill(), "value")
        for key, control in self._syncs.items():
            control.observe(lambda change, key=key: self._switched(key, change["new"]), "value")
        self._way.observe(lambda change: self._turned(change["new"]), "value")
        self._answer.observe(lambda change: self._answered(change["new"]), "value")

    # --- what a person does ---------------------------------------------------------------------------------------

    def _switched(self, key: str, value: Any) -> None:
        self._do(lambda: self.draft.switch(self._object.value, key, value))

    def _turned(self, direction: str) -> None:
        self._do(lambda: self.draft.turn(self._object.value, self._field.value, direction))

    def _answered(self, choice: str) -> None:
        self._do(lambda: self.draft.choose(self._question.value, choice))

    def _do(self, work: Callable[[], None]) -> None:
        """Does what was asked, unless the controls are only being filled; a refusal is said, not raised."""
        if self._is_filling:
            return
        try:
            work()
        except DynsyncError as fault:
            self.draft.message = f"{fault} {fault.next_step}"
        self._fill()

    # --- what is shown ----------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """All controls and figures as the state has them."""
        self._is_filling = True
        try:
            self._fill_controls()
        finally:
            self._is_filling = False
        self._message.value = f'<p role="status">{escape(self.draft.message)}</p>'
        self._figures.value = self._show(self.draft.rows, self.draft.notes)

    def _fill_controls(self) -> None:
        draft, object_ = self.draft, self._object.value
        for key, control in self._syncs.items():
            control.value = draft.value(object_, key)
        mappings = [(f"{hubspot} – {dynamics}", hubspot) for hubspot, dynamics in draft.mappings(object_).items()]
        self._options(self._field, mappings)
        if self._field.value is not None:
            self._way.value = draft.mapping(object_, self._field.value)
        self._options(self._answer, [(choice, choice) for choice in draft.assumptions[self._question.value]])
        self._answer.value = draft.choice(self._question.value)
        names = [row["scenario"] for row in draft.rows[1:]]
        self._options(self._chosen, [(name, name) for name in names])

    def _options(self, control: Any, options: Sequence[tuple[str, str]]) -> None:
        """Other options, with the same one chosen as long as it is there, else the first."""
        values = [own for _, own in options]
        value = control.value if control.value in values else next(iter(values), None)
        if list(control.options) != list(options):
            control.options = options
        control.value = value
