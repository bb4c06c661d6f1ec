"""What `dynsync rehearse wait` says: the settings to make, each look at the portals, and how it ended.

Where it is used: `cli.rehearse_commands`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.listing import counted, one_or_many

_ASSOCIATIONS: Final = "associations of "


def print_settings(settings: Sequence[kit.SettingToMake]) -> None:
    """Lines for people: the settings under the page each stands on."""
    console.out.print("Make these settings in HubSpot's test portal, then start the sync there:")
    for where, lines in groupby(settings, key=lambda setting: setting.where):
        console.out.print(f"\n{where}")
        for line in lines:
            about = f"{line.object}: " if line.object else ""
            console.out.print(f"  {about}{line.setting}: {line.value}")


def print_look(records: Mapping[str, int], still: int) -> None:
    """One line for a look at the portals."""
    associations = sum(count for name, count in records.items() if name.startswith(_ASSOCIATIONS))
    count = sum(records.values()) - associations
    looks = "1 look saw this" if still == 1 else f"{still} looks in a row saw this"
    seen = f"{one_or_many(count, 'record', 'records')} in both portals"
    linked = counted(associations, "association", "associations")
    console.out.print(f"{count:>9,}  {seen}, {linked} in HubSpot; {looks}")


def print_watched(watched: kit.Watched, rehearsal: Path) -> None:
    """Lines for people: what was not watched, how it ended, and what comes next."""
    for name in watched.unwatched:
        console.out.print(f"Not watched, because it cannot be read: {name}.", style="dim")
    if watched.is_at_rest:
        console.out.print(f"\nThe sync is at rest.\nNext: dynsync rehearse compare {rehearsal}")
    elif watched.has_begun:
        console.out.print("\nThe time is over, and the sync is still writing. Run this again.")
    else:
        console.out.print("\nThe time is over, and the sync has not begun. Start it in HubSpot, and run this again.")


def waited_figures(
    rehearsal: Path, settings: Sequence[kit.SettingToMake], watched: kit.Watched | None
) -> dict[str, Any]:
    """The settings and what was seen, as one JSON object."""
    return {
        "rehearsal": str(rehearsal),
        "settings": [kit.as_dict(setting) for setting in settings],
        "watched": None if watched is None else kit.as_dict(watched),
    }
