"""Takes the pictures of the pages anew, from the demo world: the report in Chromium, the notebooks in JupyterLab.

    python -m docs.take_screenshots

Facts
    * It needs the extra [browser] and Chromium (DYNSYNC_CHROMIUM), takes about a minute, and asks no network.
    * The records are those of `sample_data` at a fixed moment, so that a picture changes only with what it shows.
    * Pictures have 128 colours: all of them together stay below `MOST_BYTES`.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from dynsync_lib import kit
from tests.browser.running_lab import make_demo, open_notebook, run_all, running_lab

ROOT: Final = Path(__file__).resolve().parents[1]
PICTURES: Final = ROOT / "docs" / "pictures"
MOST_BYTES: Final = 1_000_000
WAITS_MS: Final = 120_000
_CHROMIUM: Final = os.environ.get("DYNSYNC_CHROMIUM", "/usr/bin/chromium")
_COLOURS: Final = 128
_PANEL_ALONE: Final = "panel_alone"
"""A notebook with no more than what draws the scenario panel, so that it stands at the top."""


def main() -> None:
    """Writes all pictures, and says how large they are together."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make_demo(folder)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            _picture_report(browser.new_page(viewport={"width": 1100, "height": 760}), folder / "report.html")
            with running_lab(folder, obeys_scripts=True) as address:
                _picture_notebooks(browser.new_page(viewport={"width": 1500, "height": 1100}), address)
            browser.close()
    print(f"{sum(file.stat().st_size for file in PICTURES.iterdir()):,} bytes of at most {MOST_BYTES:,}")  # noqa: T201


def _make_demo(folder: Path) -> None:
    """Snapshot, settings, forecast and report of the demo world, and the notebooks that look at them."""
    make_demo(folder, "03_field_mapping", "05_filters_and_marketing")
    demo = folder / "out" / "demo"
    forecast = kit.forecast(demo / "snapshot", demo / "dynsync.toml", demo / "forecast")
    kit.report(forecast, folder / "report.html", client="Demo")
    notebooks = folder / "notebooks"
    whole = json.loads((notebooks / "05_filters_and_marketing.ipynb").read_text(encoding="utf-8"))
    needed = ("settings = ", "kit.scenarios(", '"mail only", narrow', "kit.scenario_panel(")
    whole["cells"] = [cell for cell in whole["cells"] if any(word in "".join(cell["source"]) for word in needed)]
    (notebooks / f"{_PANEL_ALONE}.ipynb").write_text(json.dumps(whole), encoding="utf-8")


def _picture_report(page: Page, report: Path) -> None:
    page.goto(report.as_uri())
    _keep("report-first-page", page.screenshot())
    page.get_by_label("E-mail address, company name or record id").fill("Quanfari Maschinenbau AG")
    page.get_by_role("button", name="Explain").click()
    _keep("find-one-record", page.locator(".ds-finder").screenshot())


def _picture_notebooks(page: Page, address: str) -> None:
    page.set_default_timeout(WAITS_MS)
    _run(page, address, "03_field_mapping")
    editor = page.get_by_role("region", name="Field mapping editor")
    editor.get_by_role("status").filter(has_text="rows").wait_for()
    _wait_until_idle(page)
    _keep("mapping-editor", editor.screenshot())
    page.set_viewport_size({"width": 1500, "height": 2600})  # the panel is tall, and what is out of sight is not drawn
    _run(page, address, _PANEL_ALONE)
    panel = page.get_by_role("region", name="Scenario panel")
    panel.wait_for()
    _wait_until_idle(page)
    panel.get_by_label("Direction", exact=True).select_option("into Dynamics")
    panel.get_by_text("direction was two_way and is now to_dynamics").wait_for()
    left, top = panel.evaluate("panel => [panel.getBoundingClientRect().x, panel.getBoundingClientRect().y]")
    _keep("scenario-panel", page.screenshot(clip={"x": left, "y": top, "width": 1070, "height": 900}))


def _run(page: Page, address: str, notebook: str) -> None:
    open_notebook(page, address, f"notebooks/{notebook}.ipynb")
    run_all(page)


def _wait_until_idle(page: Page) -> None:
    """Until no cell runs: what cells below draw moves the page, by parts of a pixel, too."""
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()


def _keep(name: str, picture: bytes) -> None:
    """Writes a picture with few colours, which is a third of what Chromium makes."""
    image: Any = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
