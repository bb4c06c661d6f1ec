"""The catalogue of rules that every rule id of the report links to.

Where it is used: `kit.pages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynsync_lib.report.pieces import Piece, render
from dynsync_lib.report.tables import Grid, Head, Lines, show_table


def show_rules(rules: Sequence[Mapping[str, Any]], sources: Mapping[str, str]) -> Piece:
    """Each rule with what it says, why it is not modelled where it is not, confidence and sources.

    `rules` have id, says, status, confidence, sources (keys, separated by ", ") and why. `sources` are titles by key.
    """
    rows = [
        [rule["id"], Lines(rule["says"], rule["why"] or ""), rule["confidence"], rule["sources"]]
        for rule in sorted(rules, key=lambda rule: str(rule["id"]))
    ]
    heads = [Head("Rule", "code"), Head("What it says"), Head("Confidence"), Head("Sources")]
    caption = f"{len(rows)} rules of the sync, with how sure they are"
    grid = Grid(caption, heads, rows, unit="rules", limit=len(rows), anchor="rule")
    keys = sorted({key for rule in rules for key in str(rule["sources"]).split(", ") if key in sources})
    known = [(key, sources[key]) for key in keys]
    table = Piece(render("facts", facts=known), "")
    return Piece(show_table(grid).html + render("folded", title="Sources by their keys", table=table), caption)
