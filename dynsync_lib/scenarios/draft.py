"""What is being tried in the scenario panel: plain state, which works without a browser.

Facts
    * Every switch is one change of the settings as they are; switched back, it is none.
    * What is wrong with the changed settings is said in the reader's words, and then nothing is being tried.

Where it is used: `kit.scenario_panel`.
"""

from __future__ import annotations

from typing import Final

from dynsync_lib.core.filter_tree import text_of
from dynsync_lib.core.model import Direction, Object, System
from dynsync_lib.core.settings import FieldMapping
from dynsync_lib.errors import DynsyncError, UsageError
from dynsync_lib.forecasts.difference import Row
from dynsync_lib.scenarios.scenarios import AS_IT_IS, Scenarios
from dynsync_lib.settings_changes.changes import Change, RemoveMapping, SetAssumption, SetMapping, SetSync

BEING_TRIED: Final = "being tried"
"""The name of the scenario that follows the switches."""
NOT_MAPPED: Final = "not mapped"
FILTERS: Final = ("filter_to_hubspot", "filter_to_dynamics")
SWITCHES: Final = ("enabled", "direction", "conflict_winner", *FILTERS)
"""The keys of `[sync.<object>]` that can be switched."""
Value = str | bool


class ScenarioDraft:
    """The switches of the panel over some scenarios.

    `message` says what the last one led to; `is_refused`: what is switched now cannot be tried.
    """

    def __init__(self, scenarios: Scenarios) -> None:
        self.scenarios = scenarios
        self.message = "Nothing is changed yet."
        self.is_refused = False
        self._syncs: dict[tuple[str, str], Value] = {}
        self._assumptions: dict[str, str] = {}
        self._mappings: dict[tuple[str, str], str] = {}

    # --- what can be switched ---------------------------------------------------------------------------------------

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects, on or off."""
        return tuple(object_.value for object_ in Object)

    def choices(self, key: str) -> tuple[str, ...]:
        """The values that a key of `[sync.<object>]` may have; none for filters, which are texts."""
        return {"direction": tuple(Direction), "conflict_winner": tuple(System)}.get(key, ())

    def value(self, object_: str, key: str) -> Value:
        """What a key of an object is switched to; a filter that is not there is an empty text."""
        return self._syncs.get((object_, key), self._as_it_is(object_, key))

    @property
    def assumptions(self) -> dict[str, tuple[str, ...]]:
        """The choices that can be made for each open question, by its id."""
        known = self.scenarios.file.rulebook.assumptions
        return {id_: tuple(known[id_].built_choices) for id_ in known}

    @property
    def questions(self) -> dict[str, str]:
        """What each open question asks, by its id."""
        known = self.scenarios.file.rulebook.assumptions
        return {id_: known[id_].question for id_ in known}

    def choice(self, assumption: str) -> str:
        """What an open question is answered with."""
        return self._assumptions.get(assumption, self.scenarios.base.settings.assumptions[assumption])

    @property
    def flows(self) -> tuple[str, ...]:
        """The ways in which a mapping can be turned."""
        return (*Direction, NOT_MAPPED)

    def mappings(self, object_: str) -> dict[str, str]:
        """The mappings of an object by HubSpot property: the Dynamics column."""
        return {mapping.hubspot: mapping.dynamics for mapping in self._mappings_of(object_)}

    def mapping(self, object_: str, hubspot: str) -> str:
        """Which way a mapping is switched: a direction, or NOT_MAPPED."""
        return self._mappings.get((object_, hubspot), self._mapping(object_, hubspot).direction.value)

    # --- switching --------------------------------------------------------------------------------------------------

    def switch(self, object_: str, key: str, value: Value) -> None:
        """Switches a key of an object, and decides anew."""
        wanted = value.strip() if isinstance(value, str) else value
        self._syncs[object_, key] = wanted
        if wanted == self._as_it_is(object_, key):
            del self._syncs[object_, key]
        self.try_out()

    def choose(self, assumption: str, choice: str) -> None:
        """Answers an open question, and decides anew."""
        self._assumptions[assumption] = choice
        if choice == self.scenarios.base.settings.assumptions[assumption]:
            del self._assumptions[assumption]
        self.try_out()

    def turn(self, object_: str, hubspot: str, direction: str) -> None:
        """Turns a mapping into a direction, or takes it away (NOT_MAPPED), and decides anew."""
        self._mappings[object_, hubspot] = direction
        if direction == self._mapping(object_, hubspot).direction:
            del self._mappings[object_, hubspot]
        self.try_out()

    def reset(self) -> None:
        """Everything as it is."""
        for switched in (self._syncs, self._assumptions, self._mappings):
            switched.clear()
        self.try_out()

    def changes(self) -> list[Change]:
        """The switches that differ from the settings as they are, as changes of them."""
        syncs = [SetSync(Object(object_), key, _set(value)) for (object_, key), value in self._syncs.items()]
        chosen = [SetAssumption(id_, choice) for id_, choice in self._assumptions.items()]
        turned = [self._turned(*key, direction) for key, direction in self._mappings.items()]
        return [*syncs, *turned, *chosen]

    @property
    def is_tried(self) -> bool:
        """Whether there are figures of what is switched now."""
        return BEING_TRIED in self.scenarios.names

    def try_out(self) -> None:
        """Decides under the switches, as the scenario BEING_TRIED; there is none when they cannot be tried."""
        changes = self.changes()
        self._forget_tried()
        self.is_refused = False
        if not changes:
            self.message = "Nothing is changed."
            return
        try:
            self.scenarios.add(BEING_TRIED, *changes)
        except DynsyncError as fault:
            self.message, self.is_refused = f"Not tried: {fault}", True
            return
        self.message = " ".join(self.scenarios.changes_in_words(BEING_TRIED)) or "The settings say the same."

    @property
    def kept(self) -> tuple[str, ...]:
        """The names of the scenarios that were kept, in their order."""
        return tuple(name for name in self.scenarios.names if name not in (AS_IT_IS, BEING_TRIED))

    def keep(self, name: str) -> None:
        """Keeps what is being tried as a scenario of that name. Raises UsageError when nothing is."""
        if not self.is_tried:
            raise UsageError("Nothing is being tried.", next_step="Switch something first.")
        self.scenarios.rename(BEING_TRIED, name)
        self.message = f"Kept as “{name.strip()}”."

    def forget(self, name: str) -> None:
        """Forgets a scenario that was kept. Raises UsageError as `Scenarios.remove` does."""
        self.scenarios.remove(name)
        self.message = f"“{name}” is forgotten."

    def write(self, name: str) -> None:
        """Writes a scenario to the settings file. Raises UsageError as `Scenarios.save` does."""
        self.scenarios.save(name)
        self.message = (
            f"“{name}” is written to {self.scenarios.file.path.name}. These figures are about what it said before: "
            "run the notebook from its top to go on."
        )

    @property
    def rows(self) -> list[Row]:
        """The figures of all scenarios, side by side."""
        return self.scenarios.rows

    @property
    def notes(self) -> list[str]:
        """What these figures rest on and nobody checked."""
        return self.scenarios.notes

    def _as_it_is(self, object_: str, key: str) -> Value:
        value = getattr(self.scenarios.base.settings.sync[Object(object_)], key)
        return (text_of(value) or "") if key in FILTERS else value if isinstance(value, bool) else str(value)

    def _mappings_of(self, object_: str) -> tuple[FieldMapping, ...]:
        return self.scenarios.base.settings.sync[Object(object_)].mappings

    def _mapping(self, object_: str, hubspot: str) -> FieldMapping:
        return next(mapping for mapping in self._mappings_of(object_) if mapping.hubspot == hubspot)

    def _turned(self, object_: str, hubspot: str, direction: str) -> Change:
        fields = Object(object_), hubspot, self._mapping(object_, hubspot).dynamics
        return RemoveMapping(*fields) if direction == NOT_MAPPED else SetMapping(*fields, Direction(direction))

    def _forget_tried(self) -> None:
        if self.is_tried:
            self.scenarios.remove(BEING_TRIED)


def _set(value: Value) -> Value | None:
    """A value as it is written; an empty filter is a key that is not there."""
    return None if value == "" else value
