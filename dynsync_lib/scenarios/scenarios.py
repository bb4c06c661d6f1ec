"""Scenarios side by side: the settings as they are, and what would become of them under some changes.

Facts
    * A scenario is the settings file with changes; it is read by the kit's own reader, so that what is wrong with it is
      said in its words, and nothing is decided by settings that could not be saved.
    * The engine stays open between calls, which a notebook makes from callbacks; its words for frames (`core.frames`)
      are spoken in a context of the scenarios' own, so that other engines can be open meanwhile, and what the notebook
      writes in between is as private as it likes: only the scenarios' own folder is private.
    * Nothing is written until a scenario is chosen: then its changes are made in the file, and comments stay.

Where it is used: `kit.scenarios`, and its panel in notebooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from dynsync_lib.core.comparison.setting_differences import compare_settings
from dynsync_lib.core.fields.catalogue import Catalogue
from dynsync_lib.core.model import Object, System, read_word
from dynsync_lib.core.rulebook import Rulebook
from dynsync_lib.core.settings import Settings
from dynsync_lib.core.settings_file.reader import parse_settings
from dynsync_lib.errors import UsageError
from dynsync_lib.folders.temporary_folder import TemporaryFolder
from dynsync_lib.forecasts.difference import Difference, Row, as_frame
from dynsync_lib.forecasts.open_snapshot import open_tables, read_catalogue
from dynsync_lib.forecasts.undelivered import say_undelivered
from dynsync_lib.scenarios.decided import ALL_FIGURES, Decided, SnapshotDecider
from dynsync_lib.settings_changes.changes import Change
from dynsync_lib.settings_changes.settings_text import change_settings_text
from dynsync_lib.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

Save = Callable[[str, Sequence[Change]], Settings]
"""Makes changes in the settings file, which must still hold this text."""
AS_IT_IS: Final = "as it is"
"""The name of the settings without a change."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario: its name, its changes, the settings that they give, and what the sync does under them."""

    name: str
    changes: tuple[Change, ...]
    settings: Settings
    decided: Decided

    @property
    def figures(self) -> Mapping[str, int | None]:
        """The counts by key of ALL_FIGURES."""
        return self.decided.figures


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The settings of an engagement as they stand in their file, with what they are checked against."""

    path: Path
    text: str
    rulebook: Rulebook
    catalogue: Catalogue

    def changed(self, changes: Iterable[Change]) -> Settings:
        """The settings after the changes. Raises SettingsError with every fault."""
        checks: dict[str, Any] = {"rulebook": self.rulebook, "catalogue": self.catalogue, "file": self.path.name}
        return parse_settings(change_settings_text(self.text, changes, **checks), **checks)


class Scenarios:
    """The scenarios of one engagement, the settings as they are first. Close it when done, or use it in a `with`."""

    def __init__(self, snapshot: Snapshot, path: Path, text: str, *, rulebook: Rulebook, save: Save) -> None:
        self.file = SettingsFile(path, text, rulebook, read_catalogue(snapshot))
        self.snapshot = snapshot
        self._save = save
        self._stack = ExitStack()
        self._context = copy_context()
        settings = self.file.changed(())
        self._decider = self._context.run(self._open, settings, rulebook)
        base = Scenario(AS_IT_IS, (), settings, self._context.run(self._decider.decide, settings))
        self._scenarios = {AS_IT_IS: base}

    def _open(self, settings: Settings, rulebook: Rulebook) -> SnapshotDecider:
        work = self._stack.enter_context(TemporaryFolder())
        engine = self._stack.enter_context(open_tables(self.snapshot, work=work))
        return SnapshotDecider(engine, self.snapshot, settings, rulebook)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the snapshot's tables; figures stay."""
        self._context.run(self._stack.close)

    # --- scenarios ------------------------------------------------------------------------------------------------

    @property
    def base(self) -> Scenario:
        """The settings as they are."""
        return self._scenarios[AS_IT_IS]

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order in which scenarios were added."""
        return tuple(self._scenarios)

    def scenario(self, name: str) -> Scenario:
        """The scenario of that name. Raises UsageError when there is none."""
        if name not in self._scenarios:
            raise UsageError(f"There is no scenario “{name}”.", next_step=f"Use one of: {', '.join(self.names)}.")
        return self._scenarios[name]

    def add(self, name: str, *changes: Change) -> Scenario:
        """A scenario with these changes of the settings as they are; one of that name is replaced.

        Computes: a few tenths of a second at demo size. Raises SettingsError with every fault of the changed settings,
        UsageError when the name is that of the settings as they are, or blank.
        """
        wanted = _checked_name(name)
        settings = self.file.changed(changes)
        decided = self._context.run(self._decider.decide, settings, bound=self.base.decided.pairs)
        self._scenarios[wanted] = Scenario(wanted, changes, settings, decided)
        return self._scenarios[wanted]

    def remove(self, name: str) -> None:
        """Forgets a scenario. Raises UsageError for one that is not there, and for the settings as they are."""
        if name == AS_IT_IS:
            raise UsageError("The settings as they are stay.", next_step="Remove another scenario.")
        del self._scenarios[self.scenario(name).name]

    def rename(self, name: str, new_name: str) -> None:
        """Gives a scenario another name; one that has it already is replaced. Raises UsageError as `add` does."""
        renamed = replace(self.scenario(name), name=_checked_name(new_name))
        self.remove(name)
        self._scenarios[renamed.name] = renamed

    def save(self, name: str) -> Settings:
        """Makes the changes of a scenario in the settings file; comments stay, and what it then says comes out.

        Raises UsageError when the file was changed since the scenarios were opened, and writes nothing then.
        """
        return self._save(self.file.text, self.scenario(name).changes)

    @property
    def notes(self) -> list[str]:
        """What all figures rest on and nobody checked: tables of objects that are on and were not delivered."""
        return list(say_undelivered(self.snapshot, *(scenario.settings for scenario in self._scenarios.values())))

    # --- side by side ---------------------------------------------------------------------------------------------

    @property
    def rows(self) -> list[Row]:
        """Per scenario its name and its figures."""
        return [{"scenario": name, **scenario.figures} for name, scenario in self._scenarios.items()]

    @property
    def table(self) -> pd.DataFrame:
        """One row per scenario: its name, and a column per key of ALL_FIGURES."""
        return as_frame(self.rows, ["scenario", *ALL_FIGURES])

    @property
    def marketing_rows(self) -> list[Row]:
        """Per scenario: contacts created in HubSpot, those made marketing at once, those that the criterion enrols,
        marketing contacts today and afterwards, the tier, and whether it holds (yes or no); `at_most` and
        `holds_at_most`: the same if every created contact became one. None: nobody said.
        """
        return [_marketing_row(scenario) for scenario in self._scenarios.values()]

    def difference(self, name: str, *, before: str = AS_IT_IS) -> Difference:
        """What the sync does otherwise in a scenario; computes, as it takes all tables of both."""
        sides = self.scenario(before).decided, self.scenario(name).decided
        return self._context.run(self._decider.compare, *sides)

    def changes_in_words(self, name: str) -> list[str]:
        """What a scenario's settings say otherwise than the settings as they are, a sentence each."""
        changed = compare_settings(self.base.settings, self.scenario(name).settings, self.file.rulebook)
        return [change.sentence for change in changed]

    def funnel_rows(self, object_: str, system: str, *, scenario: str = AS_IT_IS) -> list[Row]:
        """The steps from all records of one side of an object to those that sync (`core.advice.funnel.read_funnel`).

        Raises UsageError when there is no such object or system, and for an object that is off.
        """
        records, side = read_word(object_, Object, "object"), read_word(system, System, "system")
        chosen = self.scenario(scenario)
        if not chosen.settings.sync[records].enabled:
            raise UsageError(f"The sync of {object_} is off.", next_step=f"Switch it on in [sync.{object_}].")
        return self._context.run(self._decider.funnel, chosen.decided, records, side)

    def funnel(self, object_: str, system: str, *, scenario: str = AS_IT_IS) -> pd.DataFrame:
        """`funnel_rows` as a frame: step, condition, left, kept_out."""
        rows = self.funnel_rows(object_, system, scenario=scenario)
        return as_frame(rows, ("step", "condition", "left", "kept_out"))


def _say_holds(*, is_beyond: bool | None) -> str | None:
    return None if is_beyond is None else "no" if is_beyond else "yes"


def _checked_name(name: str) -> str:
    wanted = name.strip()
    if wanted in ("", AS_IT_IS):
        raise UsageError(f"“{wanted}” cannot be the name of a scenario.", next_step="Give it another name.")
    return wanted


def _marketing_row(scenario: Scenario) -> Row:
    outlook = scenario.decided.marketing
    return {
        "scenario": scenario.name,
        "created": outlook.created,
        "made_marketing": outlook.created_as_marketing,
        "enrolled": outlook.enrolled,
        "today": outlook.today,
        "afterwards": outlook.afterwards,
        "tier": outlook.tier,
        "holds": _say_holds(is_beyond=outlook.crosses_tier),
        "at_most": outlook.at_most,
        "holds_at_most": _say_holds(is_beyond=outlook.is_beyond_tier(outlook.at_most)),
    }
