"""The report in a real Chromium: silent, reachable, readable."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from dynsync_lib import kit
from tests.browser.accessibility import audit, faults_of
from tests.notebooks.notebook_runs import forecast_folder, report_file

pytestmark = pytest.mark.browser
OPEN_ALL = """() => {
  for (const one of document.querySelectorAll('details')) one.open = true;
  const plain = document.createElement('style');
  plain.textContent = '.ds-scroll{max-height:none!important;overflow:visible!important}'
    + 'thead th{position:static!important}';
  document.head.append(plain);
}"""
"""A scrolling box and a sticky head hide text from axe, which then leaves its contrast undecided."""


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(bypass_csp=False)
    yield context.new_page()
    context.close()


def _open(page: Any) -> Any:
    page.goto(report_file().as_uri())
    return page


def test_report__asks_nothing_of_the_network_and_says_nothing_on_the_console(page: Any) -> None:
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    _open(page)
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [report_file().as_uri()]
    assert said == []


@pytest.mark.parametrize(
    ("scheme", "width_px"),
    [
        ("light", 1280),
        ("dark", 390),
        pytest.param("light", 390, marks=pytest.mark.long),
        pytest.param("dark", 1280, marks=pytest.mark.long),
    ],
)
def test_report__axe_has_nothing_to_say(browser: Any, scheme: str, width_px: int) -> None:
    context = browser.new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": width_px, "height": 900}, reduced_motion="reduce"
    )
    page = _open(context.new_page())
    as_shown = audit(page)
    page.evaluate(OPEN_ALL)
    laid_open = audit(page)
    context.close()
    assert faults_of(as_shown) + faults_of(laid_open) == []
    assert len(laid_open["passes"]) > 30


@pytest.mark.parametrize("width_px", [1280, 390])
def test_report__the_page_does_not_scroll_sideways(page: Any, width_px: int) -> None:
    page.set_viewport_size({"width": width_px, "height": 900})
    _open(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px


@pytest.mark.parametrize(("width_px", "height_px", "screens"), [(1366, 768, 1), (390, 844, 2)])
def test_report__first_page_needs_one_screen_or_two_of_a_phone(
    page: Any, width_px: int, height_px: int, screens: int
) -> None:
    page.set_viewport_size({"width": width_px, "height": height_px})
    box = _open(page).locator(".ds-first").bounding_box()
    assert box["y"] + box["height"] <= height_px * screens


def test_report__first_page_is_one_sheet_of_print(page: Any) -> None:
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 within its margins, at 96 pixels an inch
    page.emulate_media(media="print")
    assert _open(page).locator(".ds-first").bounding_box()["height"] < 900


def test_report__charts_fit_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _open(page)
    wide = page.locator(".ds-chart svg:visible").evaluate_all("all => all.filter(one => one.clientWidth > 360).length")
    assert (wide, page.locator(".ds-chart svg:visible").count() > 4) == (0, True)


def test_report__every_rule_id_leads_to_the_catalogue(page: Any) -> None:
    _open(page)
    dead = page.locator("a[href^='#']").evaluate_all(
        "all => all.map(one => one.getAttribute('href').slice(1)).filter(id => !document.getElementById(id))"
    )
    assert (dead, page.locator("a[href^='#rule-']").count() > 2) == ([], True)


def test_report__long_tables_show_all_rows_on_demand_and_where_a_link_leads(page: Any) -> None:
    _open(page)
    table = page.get_by_role("table", name=re.compile("rules of the sync"))
    assert table.locator("tbody tr:visible").count() == 10
    page.evaluate("location.hash = '#rule-record.create'")
    page.locator("[id='rule-record.create']").wait_for(state="visible")
    assert table.locator("tbody tr:visible").count() == table.locator("tbody tr").count() > 100


def test_report__nothing_scrolls_in_a_box_on_a_desktop(page: Any) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    boxes = (
        _open(page)
        .locator("main .ds-scroll:visible")
        .evaluate_all(
            "all => all.filter(one => one.scrollHeight > one.clientHeight + 1"
            " || one.scrollWidth > one.clientWidth + 1).length"
        )
    )
    assert boxes == 0


def test_report__a_phone_shows_the_first_rows_of_a_long_table_only(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    rows = _open(page).get_by_role("table", name=re.compile("rules of the sync")).locator("tbody tr:visible")
    assert rows.count() == 10


@pytest.mark.parametrize("key", [" Anna@Adler.example", "A-1"])
def test_report__explains_a_record_that_somebody_asks_for(page: Any, key: str) -> None:
    finder = _open(page).locator(".ds-finder")
    finder.get_by_label("E-mail address").first.fill(key)
    if "@" in key:
        finder.get_by_label("Code").fill(kit.finder_code(kit.open_forecast(forecast_folder())).upper())
    finder.get_by_role("button", name="Explain").click()
    chain = finder.locator(".ds-chain").filter(has_text="Matched, changed")
    chain.wait_for()
    assert "contact.match-email" in chain.inner_text()
    assert finder.locator(".ds-chain-counterpart code").first.inner_text() == "1"


def test_report__finds_nobody_by_an_address_without_the_code(page: Any) -> None:
    finder = _open(page).locator(".ds-finder")
    finder.get_by_label("E-mail address").first.fill("anna@adler.example")
    finder.get_by_role("button", name="Explain").click()
    finder.get_by_text("No record of this file has that address, name or id.").wait_for()


def test_report__prints_where_a_record_can_be_asked_for(page: Any) -> None:
    page.emulate_media(media="print")
    shown = _open(page).locator(".ds-finder :visible").all_inner_texts()
    assert shown == ["Open the report in a browser to ask it."]


def test_report__ids_of_records_are_not_printed(page: Any) -> None:
    page.emulate_media(media="print")
    assert _open(page).locator(".ds-id:visible").count() == 0


def test_report__tables_sort_by_value(page: Any) -> None:
    table = _open(page).get_by_role("table", name=re.compile("fields of matched records are written"))
    head = table.get_by_role("columnheader", name="Filled")
    head.get_by_role("button").click()
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert "telephone1" in table.get_by_role("row").nth(1).inner_text()


def test_report__long_tables_can_be_searched(page: Any) -> None:
    _open(page)
    boxes = page.get_by_role("searchbox")
    for index in range(boxes.count()):
        boxes.nth(index).fill("surely nowhere")
    assert [
        text for text in page.locator(".tools").get_by_role("status").all_inner_texts() if not text.startswith("0 of ")
    ] == []


def test_report__charts_and_tables_are_found_by_name(page: Any) -> None:
    _open(page)
    assert page.get_by_role("img", name="Where the records of each side end").count() == 1
    assert page.get_by_role("img", name="What happens to each kind of record").count() == 1
    assert page.get_by_role("navigation", name="Contents").get_by_role("link").count() > 8


def test_report__skip_link_comes_first(page: Any) -> None:
    _open(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"


def test_report__prints_with_everything_open(page: Any) -> None:
    _open(page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("main details[open]").count() == 0


def test_report__heads_of_tables_repeat_on_every_printed_page(page: Any) -> None:
    # Chromium repeats a head only when nothing in it is a box of its own, such as a button that sorts.
    page.emulate_media(media="print")
    boxes = _open(page).locator("thead *").evaluate_all("all => all.map(one => getComputedStyle(one).display)")
    assert set(boxes) - {"none"} == {"table-row", "table-cell", "contents"}


def test_report__no_head_of_a_table_is_printed_without_a_row(page: Any) -> None:
    page.emulate_media(media="print")
    rows = _open(page).locator("main tbody tr:first-child")
    assert set(rows.evaluate_all("all => all.map(row => getComputedStyle(row).breakBefore)")) == {"avoid"}


@pytest.mark.long
def test_report__axe_would_find_planted_faults(browser: Any) -> None:
    context = browser.new_context(bypass_csp=True)
    page = _open(context.new_page())
    page.evaluate("""() => document.querySelector('main').insertAdjacentHTML('beforeend',
        '<p style="color:#ccc;background:#fff">faint</p><img src="data:,"><h6>skipped</h6>')""")
    faults = faults_of(audit(page))
    context.close()
    assert {"color-contrast", "image-alt", "heading-order"} <= {fault for fault, _ in faults}
