"""A snapshot for a notebook: opened, loaded or pulled with one call, and what it holds, lacks and may not see.

Where it is used: `notebooks/01_pull_portals.ipynb`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.core.tables import RECORD_TABLES
from dynsync_lib.kit.connections import Addresses
from dynsync_lib.kit.opened import AnySnapshot, opened_snapshot
from dynsync_lib.kit.portals import check, emulate, load, pull
from dynsync_lib.kit.progress import Say, silent
from dynsync_lib.snapshot.gaps import find_gaps
from dynsync_lib.snapshot.snapshot import Snapshot, open_snapshot

if TYPE_CHECKING:
    from dynsync_lib.portals.check.lines import CheckReport
    from dynsync_lib.report.pieces import Piece
    from dynsync_lib.widgets.progress import ProgressView

_SOURCES: Final = {"api": "the portals", "emulator": "emulated portals", "files": "exported files"}
"""Where a snapshot may come from, in words."""


@dataclass(frozen=True, slots=True)
class TakenSnapshot:
    """A snapshot, and what both portals said before it was pulled; `checked` is None where nobody asked them."""

    snapshot: Snapshot
    checked: CheckReport | None


def take_snapshot(
    settings: str | Path,
    out: str | Path,
    *,
    hubspot_files: str | Path = "",
    dynamics_files: str | Path = "",
    emulated: bool = False,
    progress: Say | None = None,
) -> TakenSnapshot:
    """The snapshot in `out`: opened where there is one, else loaded from exported files, else pulled from the portals.

    `hubspot_files` and `dynamics_files` are folders of exported files; without either, the portals that the settings
    name are checked and pulled, or with `emulated` those of the demo, on this machine. `progress` is called with a
    sentence at each step. Nothing is ever written to a portal. It costs what `load` or `pull` costs.

    Raises as `kit.check`, `kit.load`, `kit.pull` and `kit.open_snapshot` do.

    >>> taken = kit.take_snapshot("out/demo/dynsync.toml", "out/demo/snapshot", progress=print)
    out/demo/snapshot is there already: it is opened, and no portal is asked. Name another folder to take a new one.
    >>> taken.snapshot.rows("dynamics/contacts"), taken.checked
    (1500, None)
    """
    say, folder = progress or silent, Path(out)
    if (folder / "manifest.json").is_file():
        say(f"{out} is there already: it is opened, and no portal is asked. Name another folder to take a new one.")
        return TakenSnapshot(open_snapshot(folder), None)
    if str(hubspot_files) or str(dynamics_files):
        say("Loading the files: every cell is read ...")
        return TakenSnapshot(load(hubspot_files or None, dynamics_files or None, folder), None)
    with _addresses(emulated=emulated) as addresses:
        say("Asking both portals what may be read ...")
        checked = check(settings, addresses=addresses)
        say("Pulling both portals; nothing is written to them ...")
        return TakenSnapshot(pull(settings, folder, addresses=addresses, progress=progress), checked)


@contextmanager
def _addresses(*, emulated: bool) -> Iterator[Addresses | None]:
    """Where the portals are: None for those that the settings name."""
    if not emulated:
        yield None
        return
    with emulate() as portals:
        yield portals.addresses


def holdings(snapshot: AnySnapshot) -> Piece:
    """How many records the snapshot has of each table of both sides, and how many the portals say there are.

    >>> kit.holdings("out/demo/snapshot")
    3,895 records, owners and users among them. Taken from emulated portals, ...
    """
    from dynsync_lib.report.sides import show_holdings

    opened = opened_snapshot(snapshot)
    return show_holdings([_holding(opened, name) for name in RECORD_TABLES], _say_taken(opened))


def _holding(snapshot: Snapshot, name: str) -> dict[str, Any]:
    entry = snapshot.manifest["tables"][name]
    own = {column.name for column in RECORD_TABLES[name].structure}
    is_provided = snapshot.is_provided(name)
    return {
        "table": name,
        "records": snapshot.rows(name) if is_provided else None,
        "server_records": entry["server_rows"],
        "columns": len(set(snapshot.columns(name)) - own) if is_provided else None,
    }


def _say_taken(snapshot: Snapshot) -> str:
    source = _SOURCES.get(snapshot.manifest["source"], snapshot.manifest["source"])
    moment = f"{snapshot.taken_at:%Y-%m-%d %H:%M} UTC"
    return f"Taken from {source}, {'as of' if snapshot.is_taken_at_known else 'loaded'} {moment}."


def gaps_table(taken: TakenSnapshot | AnySnapshot) -> Piece:
    """What a snapshot lacks, what was guessed, what nobody checked, and what may not be seen, worst first.

    `taken` is what `take_snapshot` gave, with what the portals said before they were pulled, or a snapshot alone.

    >>> kit.gaps_table("out/demo/snapshot")
    1 thing to know: 1 not checked
    """
    from dynsync_lib.listing import counted
    from dynsync_lib.report.sides import show_gaps
    from dynsync_lib.report.words import system_word

    snapshot = taken.snapshot if isinstance(taken, TakenSnapshot) else opened_snapshot(taken)
    checked = taken.checked if isinstance(taken, TakenSnapshot) else None
    rows = [
        {"state": gap.state, "about": gap.about, "says": gap.says, "next_step": gap.next_step}
        for gap in find_gaps(snapshot)
    ]
    if checked is None:
        return show_gaps(rows, "What the portals would let their users see was not asked; `dynsync check` asks.")
    said = [line for line in checked.lines if line.state != "ok"]
    rows += [
        {
            "state": line.state,
            "about": f"{system_word(line.portal)}: {line.about}",
            "says": line.says,
            "next_step": line.next_step,
        }
        for line in said
    ]
    right = len(checked.lines) - len(said)
    answers = counted(right, "of their answers is as it should be", "of their answers are as they should be")
    return show_gaps(rows, f"Both portals were asked; {answers}.")


def progress_view() -> ProgressView:
    """A bar and the last sentences of a long job, to be shown in a notebook and given to what takes `progress`.

    As a context it says at the end whether the block was finished or has stopped.

    >>> with kit.progress_view() as progress:
    ...     progress("HubSpot contacts: 100")
    >>> progress.log.lines
    ['HubSpot contacts: 100', 'Done.']
    """
    from dynsync_lib.widgets.progress import ProgressView

    return ProgressView()
