"""The mapping editor in a real JupyterLab in a real Chromium: quick, silent, reachable by keyboard, and it saves."""

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("lab"), "03_field_mapping")


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    """The address of a JupyterLab over the folder, in which scripts reach the application."""
    with running_lab(folder, obeys_scripts=True) as address:
        yield address


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """The addresses that the page asks for."""
    return []


@pytest.fixture(scope="module")
def page(browser: Any, lab: str, asked: list[str]) -> Any:
    """The notebook, run, with the editor drawn."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(OPENS_WITHIN_MS)
    page.on("request", lambda request: asked.append(request.url))
    open_notebook(page, lab, "notebooks/03_field_mapping.ipynb")
    run_all(page)
    page.get_by_role("region", name="Fields and mappings").wait_for()
    return page


@pytest.fixture
def editor(page: Any) -> Any:
    return page.get_by_role("region", name="Field mapping editor")


def said(editor: Any, text: str | re.Pattern[str]) -> None:
    sync_api.expect(editor.get_by_role("status").filter(has_text=text)).to_be_visible(timeout=30_000)


def test_editor__asks_nothing_of_the_network(editor: Any, asked: list[str], lab: str) -> None:
    sync_api.expect(editor).to_be_visible()
    own = lab.split("/lab?")[0]
    assert [url for url in asked if not url.startswith((own, own.replace("http", "ws"), "data:", "blob:"))] == []


def test_editor__searches_filters_and_pages(editor: Any) -> None:
    said(editor, "75 of 75 rows")
    editor.get_by_label("Search").fill("job text")
    said(editor, "1 of 75 rows")
    editor.get_by_label("Search").fill("")
    editor.get_by_label("Can it be mapped?").select_option("Blocked")
    said(editor, "7 of 75 rows")
    editor.get_by_label("Can it be mapped?").select_option("Any")
    editor.get_by_role("button", name="Next page").click()
    sync_api.expect(editor.get_by_text("Page 2 of 3")).to_be_visible()
    editor.get_by_role("button", name="Previous page").click()


def test_editor__maps_by_keyboard_undoes_and_saves(editor: Any, folder: Path) -> None:
    file = folder / "out" / "demo" / "dynsync.toml"
    editor.get_by_label("Search").fill("department")
    box = editor.get_by_role("combobox", name="Dynamics field to map department with")
    box.fill("department")
    box.press("Enter")
    said(editor, "department and department are mapped.")
    direction = editor.get_by_role("combobox", name="Direction of department and department")
    sync_api.expect(direction).to_be_focused()
    direction.select_option("into HubSpot")
    said(editor, "The direction of department and department is set.")
    editor.get_by_role("button", name="Undo").click()
    said(editor, "The last step is undone.")
    sync_api.expect(direction).to_have_value("two_way")
    assert "department" not in file.read_text(encoding="utf-8")
    editor.get_by_role("button", name="Save").click()
    said(editor, "1 step is saved.")
    assert 'dynamics = "department"' in file.read_text(encoding="utf-8")
    editor.get_by_label("Search").fill("")


def test_editor__keys_are_its_own_and_not_the_notebooks(editor: Any) -> None:
    direction = editor.get_by_role("combobox", name="Direction of email and emailaddress1")
    direction.focus()
    direction.press("ArrowDown")
    said(editor, "The direction of email and emailaddress1 is set.")
    sync_api.expect(direction).to_be_focused()
    sync_api.expect(direction).to_have_value("to_hubspot")
    undo = editor.get_by_role("button", name="Undo")
    undo.focus()
    undo.press("Enter")
    said(editor, "The last step is undone.")
    sync_api.expect(undo).to_be_focused()
    undo.press("d")
    undo.press("d")
    sync_api.expect(undo).to_be_visible()


def test_editor__pairs_options_with_their_records(editor: Any) -> None:
    editor.get_by_role("button", name="Options: customer_tier and new_customertier").click()
    trial = editor.get_by_label("Dynamics option for Trial")
    trial.select_option(label="Platinum, 1 record")
    editor.get_by_role("button", name="Pair options as chosen").click()
    said(editor, "The options of customer_tier and new_customertier are paired.")
    editor.get_by_text("1 change against the file, not saved").click()
    change = "Contact: customer_tier and new_customertier pair 4 options by name, before 0."
    sync_api.expect(editor.get_by_text(change)).to_be_visible()
    sync_api.expect(trial).to_have_value("100000003")
    editor.get_by_role("button", name="Undo").click()
    said(editor, "The last step is undone.")
    sync_api.expect(trial).to_have_value("")


def test_editor__says_what_cannot_be(editor: Any) -> None:
    editor.get_by_label("Workbook").fill("nowhere/m.xlsx")
    editor.get_by_role("button", name="Export XLSX").click()
    said(editor, "Not done: The folder nowhere is not there.")


def test_editor__tries_the_mappings_in_emulated_portals(editor: Any) -> None:
    editor.get_by_role("button", name="Try in the test portals").click()
    said(editor, re.compile(r"\d+ values were tried; \d+ ended otherwise than the forecast says\."))
    table = editor.get_by_role("table", name="Values tried in the test portals")
    sync_api.expect(table.get_by_role("rowheader").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_editor__axe_has_nothing_to_say(page: Any, theme: str) -> None:
    use_theme(page, theme)
    audited = audit(page, ".ds-mapping")
    assert faults_of(audited) == []
    assert len(audited["passes"]) > 15
