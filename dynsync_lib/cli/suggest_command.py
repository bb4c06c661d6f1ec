"""`dynsync suggest`: which property and which column probably belong together.

Where it is used: `cli.commands`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from dynsync_lib.cli import console
from dynsync_lib.cli.arguments import Json, SnapshotFolder


def suggest(
    snapshot: SnapshotFolder,
    out: Annotated[Path, typer.Option(help="The CSV file to write.")] = Path("out/suggestions.csv"),
    *,
    as_json: Json = False,
) -> None:
    """Suggest which property and which column to map, with a score and the reason; at most three a property.

    A property without a row has no suggestion: nothing is guessed. Values of matched records count where there are
    some; nothing of them is shown but how many agree.

    Example: dynsync suggest snapshots/monday --out out/suggestions.csv
    """
    from dynsync_lib.kit.suggestions import find_suggestions, write_suggestions

    rows = find_suggestions(snapshot)
    write_suggestions(rows, out)
    if as_json:
        console.print_json({"suggestions": rows, "file": str(out)})
        return
    first = [row for row in rows if row["rank"] == 1]
    console.print_rows(["object", "hubspot_field", "dynamics_field", "score", "reason"], first)
    counts = Counter(row["object"] for row in first)
    said = ", ".join(f"{count:,} of {name}" for name, count in counts.items()) or "none"
    console.out.print(f"\nProperties with a suggestion: {said}")
    console.out.print(f"File:     {out}")
