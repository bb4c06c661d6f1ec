"""The questionnaire's form in a real JupyterLab in a real Chromium: labelled, reachable by keyboard, and it writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynsync_lib.report.notebook_format import nbformat
from tests.browser.accessibility import audit, faults_of
from tests.browser.running_lab import open_notebook, run_all, running_lab

pytestmark = [pytest.mark.browser, pytest.mark.long]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing: install the [browser] extra")
REGION = "What no API shows"
_NBFORMAT: Any = nbformat  # states no types


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A settings file beside a notebook of one cell, which shows the form of it."""
    file = tmp_path_factory.mktemp("lab") / "dynsync.toml"
    file.write_text("[answers]  # ours\nplanned_merges = 2  # in May\n", encoding="utf-8")
    cell = _NBFORMAT.v4.new_code_cell('from dynsync_lib import kit\nkit.questionnaire_form("dynsync.toml")', id="form")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    _NBFORMAT.write(_NBFORMAT.v4.new_notebook(cells=[cell], metadata=kernel), file.with_name("form.ipynb"))
    return file


@pytest.fixture(scope="module")
def form(browser: Any, settings: Path) -> Iterator[Any]:
    with running_lab(settings.parent, obeys_scripts=True) as address:
        page = browser.new_page(viewport={"width": 1300, "height": 1800})
        open_notebook(page, address, "form.ipynb")
        run_all(page)
        region = page.get_by_role("region", name=REGION)
        region.wait_for()
        yield region


def test_form__breaks_no_rule_of_accessibility(form: Any) -> None:
    assert faults_of(audit(form.page, f'[aria-label="{REGION}"]')) == []


def test_form__is_filled_by_keyboard_and_writes(form: Any, settings: Path) -> None:
    keys = form.page.keyboard
    plan = form.get_by_label("Which plan does the HubSpot portal have?")
    plan.focus()
    keys.press("ArrowDown")
    sync_api.expect(plan).to_have_value("free")
    sync_api.expect(form.get_by_text("Not written yet.")).to_have_count(1)
    keys.press("Tab")
    sync_api.expect(form.get_by_label("Does the portal have a paid Data Hub")).to_be_focused()
    merges = form.get_by_label("How many merges of duplicates")
    merges.fill("many")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    sync_api.expect(form.get_by_role("status")).to_contain_text("`many` is no answer to `planned_merges`.")
    merges.fill("")
    form.get_by_role("button", name="Write the answers").press("Enter")
    sync_api.expect(form.get_by_role("status")).to_have_text(
        "Wrote 1 answer. Took 1 answer away. 12 of 13 questions have none."
    )
    assert settings.read_text(encoding="utf-8") == '[answers]  # ours\n\n[hubspot]\nplan = "free"\n'
