"""The scenario panel in a real JupyterLab in a real Chromium: reachable by keyboard, narrow, silent, and it writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.accessibility import audit, faults_of
from tests.browser.running_lab import make_demo, open_notebook, run_all, running_lab, use_theme

pytestmark = [pytest.mark.browser, pytest.mark.long]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing: install the [browser] extra")
OPENS_WITHIN_MS = 120_000
NARROW_PX = 480
TOGGLE_FILES = "jupyterapp.commands.execute('application:toggle-left-area')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("lab"), "05_filters_and_marketing")


@pytest.fixture(scope="module")
def page(browser: Any, folder: Path) -> Iterator[Any]:
    """The notebook, run, with the panel drawn."""
    with running_lab(folder, obeys_scripts=True) as address:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(OPENS_WITHIN_MS)
        open_notebook(page, address, "notebooks/05_filters_and_marketing.ipynb")
        run_all(page)
        page.get_by_role("region", name="Scenario panel").wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        yield page


@pytest.fixture
def panel(page: Any) -> Any:
    return page.get_by_role("region", name="Scenario panel")


def wait_until_said(panel: Any, text: str | re.Pattern[str]) -> None:
    sync_api.expect(panel.get_by_role("status")).to_have_text(text, timeout=30_000)


def created_in_hubspot(panel: Any) -> list[str]:
    """The cells of the first figure, a scenario each."""
    row = panel.get_by_role("row").filter(has_text="Records created in HubSpot")
    return [str(text) for text in row.get_by_role("cell").all_inner_texts()]


def write_over(box: Any, text: str) -> None:
    """Types as a person does: what is only filled in counts as no change."""
    box.fill("")
    box.press_sequentially(text)
    box.press("Enter")


def test_panel__figures_follow_a_switch_and_go_back(panel: Any) -> None:
    wait_until_said(panel, "Nothing is changed yet.")
    kept = len(created_in_hubspot(panel))
    panel.get_by_label("Direction", exact=True).select_option("into Dynamics")
    wait_until_said(panel, "[sync.contact] direction was two_way and is now to_dynamics.")
    assert len(created_in_hubspot(panel)) == kept + 1
    assert created_in_hubspot(panel)[-1] != created_in_hubspot(panel)[0]
    panel.get_by_role("button", name="All as it is").click()
    wait_until_said(panel, "Nothing is changed.")
    assert len(created_in_hubspot(panel)) == kept


def test_panel__keys_are_its_own_and_not_the_notebooks(page: Any, panel: Any) -> None:
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    winner = panel.get_by_label("Conflict winner")
    winner.focus()
    winner.press("ArrowUp")
    wait_until_said(panel, re.compile("conflict_winner was dynamics and is now hubspot"))
    sync_api.expect(winner).to_be_focused()
    winner.press("Tab")
    sync_api.expect(panel.get_by_label("Filter into HubSpot")).to_be_focused()
    reset = panel.get_by_role("button", name="All as it is")
    reset.focus()
    reset.press("Enter")
    wait_until_said(panel, "Nothing is changed.")
    sync_api.expect(reset).to_be_focused()
    for key in ("d", "d", "a", "ArrowDown"):
        reset.press(key)
    sync_api.expect(reset).to_be_focused()
    is_on = panel.get_by_label("The sync is on")
    is_on.focus()
    is_on.press(" ")
    wait_until_said(panel, re.compile("enabled was true and is now false"))
    is_on.press(" ")
    wait_until_said(panel, "Nothing is changed.")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_panel__says_what_is_wrong_and_keeps_nothing_of_it(panel: Any) -> None:
    into_hubspot = panel.get_by_label("Filter into HubSpot")
    before = into_hubspot.input_value()
    write_over(into_hubspot, "statecode <")
    wait_until_said(panel, re.compile(r"^Not tried: dynsync\.toml, line \d+: The filter cannot be used"))
    sync_api.expect(panel.get_by_role("button", name="Keep as a scenario")).to_have_attribute("aria-disabled", "true")
    write_over(into_hubspot, before)
    wait_until_said(panel, "Nothing is changed.")


def test_panel__answers_a_question_keeps_it_and_writes_it(panel: Any, folder: Path) -> None:
    panel.get_by_label("Question", exact=True).select_option(
        "What happens to further accounts or companies of one name?"
    )
    panel.get_by_label("Answer").select_option("rest created")
    wait_until_said(panel, re.compile("`company_dup` was answered first_wins and is now rest_created"))
    sync_api.expect(panel.get_by_text('company_dup = "rest_created"', exact=True)).to_be_visible()
    panel.get_by_label("Name", exact=True).fill("all of one name")
    panel.get_by_role("button", name="Keep as a scenario").click()
    wait_until_said(panel, "Kept as “all of one name”.")
    panel.get_by_label("Kept scenario").select_option("all of one name")
    panel.get_by_role("button", name="Write to the settings").click()
    wait_until_said(panel, re.compile(r"^“all of one name” is written to dynsync\.toml\."))
    assert 'company_dup = "rest_created"' in (folder / "out" / "demo" / "dynsync.toml").read_text(encoding="utf-8")


def test_panel__fits_a_narrow_window(page: Any, panel: Any) -> None:
    page.evaluate(TOGGLE_FILES)
    page.set_viewport_size({"width": NARROW_PX, "height": 1000})
    outside = panel.evaluate(
        "panel => [...panel.querySelectorAll('fieldset :is(input, select, button)')]"
        ".filter((control) => control.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1).length"
    )
    page.set_viewport_size({"width": 1400, "height": 1000})
    assert outside == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_panel__axe_has_nothing_to_say(page: Any, theme: str) -> None:
    use_theme(page, theme)
    audited = audit(page, ".ds-scenarios")
    assert faults_of(audited) == []
    assert len(audited["passes"]) > 15
