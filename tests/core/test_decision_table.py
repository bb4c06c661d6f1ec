"""The lines of step 5 are numbered once: as docs/semantics.md numbers them."""

from __future__ import annotations

import re
from pathlib import Path

from dynsync_lib.core.lines import Line
from dynsync_lib.core.matching.decision_table import OUTCOME_OF

SEMANTICS = Path(__file__).resolve().parents[2] / "docs/semantics.md"


def labels_of(page: str) -> list[str]:
    """The numbers of the lines of the table of step 5, in its order."""
    table = page.partition("**Step 5. The outcome of a record**")[2].partition("`company_dup` in line 6")[0]
    return [label for label in re.findall(r"^\| (\S+) \|", table, flags=re.MULTILINE) if label[0].isdigit()]


def test_the_lines_have_the_numbers_of_the_page() -> None:
    labels = labels_of(SEMANTICS.read_text(encoding="utf-8"))
    assert labels == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "9b", "9c", "10"]
    # line 7 is line 4 asked later, 5.8 the section on leads and contacts
    assert {line.label for line in Line} == {*labels} - {"7"} | {"5.8"}


def test_the_lines_are_asked_in_the_order_of_the_page() -> None:
    labels = labels_of(SEMANTICS.read_text(encoding="utf-8"))
    positions = [labels.index(line.label) for line in Line if line is not Line.OVERLAP]
    assert positions == sorted(positions)


def test_every_line_but_the_pair_has_an_outcome() -> None:
    assert set(Line) - set(OUTCOME_OF) == {Line.PAIRED}
