"""Scenarios of an engagement, and the panel that shows them in a notebook.

Where it is used: `kit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynsync_lib.errors import UsageError
from dynsync_lib.kit.opened import AnySnapshot, opened_snapshot
from dynsync_lib.kit.rulebooks import rulebook, settings_text
from dynsync_lib.kit.settings_files import change_settings
from dynsync_lib.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from dynsync_lib.core.settings import Settings
    from dynsync_lib.scenarios.scenarios import Scenarios
    from dynsync_lib.settings_changes.changes import Change
    from dynsync_lib.widgets.scenario_panel import ScenarioView


def scenarios(snapshot: AnySnapshot, settings: str | Path) -> Scenarios:
    """The scenarios of an engagement: the settings as they are, and what would become of them under changes.

    `add` makes one of changes (`SetSync`, `SetMapping`, `RemoveMapping`, `SetAssumption`), `table` has their figures
    side by side, `difference` the records that move, `funnel` a filter step by step, and `save` writes the chosen one
    to the settings file. The snapshot's tables stay in memory until `close`. Each computes a few tenths of a second at
    demo size.

    Raises SettingsError or SnapshotError.

    >>> from dynsync_lib.core.model import Object
    >>> scenarios = kit.scenarios("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> narrow = scenarios.add("all of one name", kit.SetAssumption("company_dup", "rest_created"))
    >>> scenarios.table[["scenario", "created_in_hubspot"]].values.tolist()
    [['as it is', 1172], ['all of one name', 1186]]
    >>> scenarios.close()
    """
    from dynsync_lib.scenarios.scenarios import Scenarios

    path = Path(settings)
    opened = opened_snapshot(snapshot)
    save = partial(_save, path, opened)
    return Scenarios(opened, path, settings_text(path), rulebook=rulebook(), save=save)


def _save(path: Path, snapshot: Snapshot, text: str, changes: Sequence[Change]) -> Settings:
    """Makes the changes in the file, which must still hold the text that the scenarios were made of."""
    if settings_text(path) != text:
        raise UsageError(
            f"{path} was changed since the scenarios were opened.",
            next_step="Open the scenarios again, so that they are about what it says now.",
        )
    return change_settings(path, changes, snapshot=snapshot)


def scenario_panel(scenarios: Scenarios) -> ScenarioView:
    """A panel for a notebook: switch settings of an object, an open question or a mapping, and see figures move.

    What is tried is added to the scenarios; the chosen one is written to the settings file by its button.

    >>> scenarios = kit.scenarios("out/demo/snapshot", "out/demo/dynsync.toml")
    >>> panel = kit.scenario_panel(scenarios)
    >>> panel.draft.objects
    ('contact', 'company', 'lead', 'deal', 'invoice')
    >>> scenarios.close()
    """
    from dynsync_lib.scenarios.draft import ScenarioDraft
    from dynsync_lib.widgets.scenario_panel import ScenarioView

    return ScenarioView(ScenarioDraft(scenarios), show=_show)


def _show(rows: Sequence[Mapping[str, Any]], notes: Sequence[str]) -> str:
    """The scenarios side by side as HTML, the numbers first: they are next to what was switched."""
    from dynsync_lib.report.scenarios import scenario_bars

    return scenario_bars(rows, notes=notes, is_table_first=True)._repr_html_()
