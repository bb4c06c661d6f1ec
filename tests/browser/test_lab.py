"""JupyterLab as `dynsync lab` opens it, in a real Chromium."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.browser.running_lab import running_lab

pytestmark = [pytest.mark.browser, pytest.mark.long]
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
OPENS_WITHIN_MS = 120_000


def test_lab__has_a_card_for_each_notebook_and_names_the_report(browser: Any, tmp_path: Path) -> None:
    for name in ("00_start_here.ipynb", "report_stakeholder.ipynb"):
        shutil.copy(NOTEBOOKS / name, tmp_path)
    (tmp_path / "notes.ipynb").write_text("{}", encoding="utf-8")
    with running_lab(tmp_path) as address:
        page = browser.new_page()
        page.set_default_timeout(OPENS_WITHIN_MS)
        page.goto(address.replace("/lab?", "/lab/workspaces/cards?reset&"))
        card = page.get_by_role("button", name="00 Start here")
        card.wait_for()
        section = page.locator(".jp-Launcher-section", has_text="DynSync")
        assert section.locator(".jp-LauncherCard-label").all_inner_texts() == [
            "00 Start here",
            "Report for stakeholders",
        ]
        card.click()
        page.get_by_role("heading", name="Start here: two CRMs, five minutes, no keys").wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()  # an opening notebook closes menus
        page.get_by_role("menuitem", name="File", exact=True).click()
        page.locator(".lm-Menu-itemLabel", has_text="Save and Export Notebook As").hover()
        page.get_by_role("menuitem", name="DynSync report").wait_for()
