"""What axe has to say of a page, or of a part of it."""

import os
from pathlib import Path
from typing import Any

import pytest

AXE = Path(os.environ.get("DYNSYNC_AXE", Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"))
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = "([where, tags]) => axe.run(where ?? document, {runOnly: tags})"


def audit(page: Any, where: str | None = None) -> dict[str, Any]:
    """The violations and passes of the elements that a selector names, or of the whole page."""
    if not AXE.is_file():
        pytest.skip(f"{AXE} is not there: `npm install axe-core`, or set DYNSYNC_AXE")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    audited: dict[str, Any] = page.evaluate(_RUN, [where, _TAGS])
    return audited


def faults_of(audited: dict[str, Any]) -> list[tuple[str, str]]:
    """Each violation with the first element that it concerns."""
    return [(violation["id"], violation["nodes"][0]["html"]) for violation in audited["violations"]]
