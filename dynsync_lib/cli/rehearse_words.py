"""What `dynsync rehearse seed` and `dynsync rehearse clean` say: lines for people, figures for programs.

Where it is used: `cli.rehearse_commands`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from dynsync_lib import kit
from dynsync_lib.cli import console
from dynsync_lib.listing import counted, one_or_many

_JSON: Final = "--json names all"


def seeded_figures(seeded: kit.Seeded) -> dict[str, Any]:
    """What stands in the portals, as one JSON object."""
    left_out = [
        {"table": table, "field": name, "why": why, "count": count}
        for (table, name, why), count in sorted(seeded.left_out.items())
    ]
    return {
        "portals": dict(seeded.portals),
        "records": {name: len(ids) for name, ids in sorted(seeded.ids.items())},
        "associations": seeded.associations,
        "refused": [dict(refusal) for refusal in seeded.refused],
        "left_out": left_out,
        "lacking": [lack.as_dict() for lack in seeded.lacking],
        "rights_not_checked": list(seeded.unchecked),
        "in_order": seeded.is_in_order,
    }


def print_seeded(seeded: kit.Seeded, rehearsal: Path) -> None:
    """Lines for people: what stands there, what was refused and left out, and what comes next."""
    for name, ids in sorted(seeded.ids.items()):
        console.out.print(f"{len(ids):>9,}  {name}")
    associations = one_or_many(seeded.associations, "association", "associations")
    console.out.print(f"{seeded.associations:>9,}  {associations}")
    refused = [
        f"Refused: {row['system']} {row['object']} {row['look_alike_id']} ({row['code']})" for row in seeded.refused
    ]
    console.print_first(refused, _JSON)
    left_out = [
        f"Left out: {table}.{field} of {count:,}: {why}."
        for (table, field, why), count in sorted(seeded.left_out.items())
    ]
    console.print_first(left_out, _JSON)
    console.print_first([f"To add: {lack.words}. {lack.how}" for lack in seeded.lacking], _JSON)
    for system in seeded.unchecked:
        console.out.print(f"Not checked: {system} does not say what the caller may write.")
    if not seeded.is_in_order:
        console.out.print("HubSpot gave ids in another order than planned: which record comes first may differ.")
    console.out.print(f"\nNext: dynsync rehearse wait {rehearsal}, or run --by-emulator.")


def print_removal(removal: kit.Removal) -> None:
    """Lines for people: what goes."""
    for row in removal.counts():
        by_sync = f", {row['made_by_sync']:,} made by the sync" if row["made_by_sync"] else ""
        console.out.print(
            f"{row['system']} {row['object']}: {counted(row['look_alikes'], 'look-alike', 'look-alikes')}{by_sync}"
        )
    if not removal.count:
        console.out.print("The test portals hold nothing of this rehearsal.")


def print_cleaned(cleaned: kit.Cleaned) -> None:
    """Lines for people: what is gone, and the proof."""
    others = sum(int(str(fingerprint["rows"])) for fingerprint in cleaned.removal.others.values())
    kept = "The 1 other is as it was" if others == 1 else f"All {others:,} others are as they were"
    console.out.print(f"Removed {counted(cleaned.removal.count, 'record', 'records')}. {kept} before.")
    for name in cleaned.changed_since_seeding or ():
        console.out.print(f"Since the seeding somebody, or the sync, changed other records of {name}.")
    if cleaned.not_checked:
        console.out.print(cleaned.not_checked)


def cleaned_figures(removal: kit.Removal, cleaned: kit.Cleaned | None) -> dict[str, Any]:
    """What goes, or is gone, and the fingerprints of all other records, as one JSON object."""
    figures: dict[str, Any] = {"records": removal.counts(), "others": {n: dict(p) for n, p in removal.others.items()}}
    if cleaned is not None:
        figures["changed_since_seeding"] = cleaned.changed_since_seeding
    return figures
