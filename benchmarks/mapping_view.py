"""How soon the mapping editor is seen in JupyterLab and answers a search, beside a plain grid of ipywidgets.

    DYNSYNC_CHROMIUM=/usr/bin/chromium python -m benchmarks.mapping_view 300 --repeats 3

The number is that of fields on each side of one object. JupyterLab runs as `dynsync lab` opens it, in a real Chromium.
First paint is the time from running the cell that makes the view to the first frame in which page one is there; what
is worked out before (suggestions, how full fields are) is a cell of its own. Search is the longest of four times from
typing to the first frame in which the number of rows has changed. The views take turns; medians are told. It needs the
[browser] extra.

Prints a table, and writes out/benchmark-mapping-view.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.running_lab import open_notebook, running_lab

HERE = Path(__file__).parent
OPENS_WITHIN_MS = 120_000
VIEWS = {
    "editor": (
        "MappingWidget(editor)",
        ".ds-mapping tbody tr:nth-child(25)",
        ".ds-mapping input[type=search]",
        ".ds-count",
    ),
    "grid": ("MappingGrid(editor).box", ".grid-last .widget-html-content b", ".grid-search input", ".grid-count"),
}
"""Per view: how it is made, what is there at first paint, where is searched, and where the number of rows stands."""
PREPARE = """import sys
sys.path.insert(0, {here!r})
from dynsync_lib import kit
from dynsync_lib.widgets.mapping_widget import MappingWidget
from mapping_grid import MappingGrid
editor = kit.open_mapping_editor("snapshot", "dynsync.toml")
shown = editor.rows("contact"), MappingWidget(editor), MappingGrid(editor)
len(shown[0])"""
MEASURE = """async ([paint, search, count]) => {
  const frame = () => new Promise(requestAnimationFrame);
  const panel = jupyterapp.shell.currentWidget;
  panel.content.activeCellIndex = 0;
  await jupyterapp.commands.execute('notebook:run-cell');
  panel.content.activeCellIndex = 1;
  const run = performance.now();
  jupyterapp.commands.execute('notebook:run-cell');
  while (!document.querySelector(paint)) await frame();
  await frame();
  const painted = performance.now() - run;
  const searches = [];
  for (const word of ['field_1', 'field_12', 'number', '']) {
    const before = document.querySelector(count).textContent;
    const box = document.querySelector(search);
    const typed = performance.now();
    box.value = word;
    box.dispatchEvent(new Event('input', {bubbles: true}));
    while (document.querySelector(count).textContent === before) await frame();
    await frame();
    searches.push(performance.now() - typed);
  }
  return {painted, searched: Math.max(...searches), nodes: document.querySelectorAll('.jp-OutputArea *').length};
}"""


@dataclass(frozen=True)
class Work:
    """A folder with a snapshot of that many fields a side, settings, and a notebook for each view."""

    folder: Path
    fields: int

    def make(self) -> None:
        """Writes everything."""
        from dynsync_lib import kit

        kinds = [("string", "String"), ("number", "Decimal"), ("date", "DateTime"), ("bool", "Boolean")]
        properties = [f"contact,field_{n},Field {n},{kinds[n % 4][0]},text" for n in range(self.fields)]
        columns = [f"contact,new_field_{n},Field {n},{kinds[n % 4][1]}" for n in range(self.fields)]
        names = [f"field_{n}" for n in range(self.fields)]
        files = {
            "h/properties": "\n".join(["object,name,label,type,field_type", *properties]),
            "d/columns": "\n".join(["object,name,label,type", *columns]),
            "h/contacts": f"hs_object_id,email,{','.join(names)}\n1,ann@c.example,{','.join('1' for _ in names)}",
            "d/contacts": f"contactid,emailaddress1,{','.join(f'new_{n}' for n in names)}\n"
            f"d1,ann@c.example,{','.join('1' for _ in names)}",
        }
        for name, text in files.items():
            path = self.folder / f"{name}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{text}\n", encoding="utf-8")
        kit.load(self.folder / "h", self.folder / "d", self.folder / "snapshot")
        (self.folder / "dynsync.toml").write_text("[sync.contact]\n", encoding="utf-8")
        for view, (code, *_) in VIEWS.items():
            self._write_notebook(view, [PREPARE.format(here=str(HERE)), code])

    def _write_notebook(self, name: str, sources: list[str]) -> None:
        cell: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        cells = [{**cell, "id": str(number), "source": source} for number, source in enumerate(sources)]
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        (self.folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def measure(address: str, repeats: int) -> dict[str, list[Mapping[str, Any]]]:
    """The figures of every view, which take turns: painted and searched in milliseconds, and elements on the page."""
    from playwright.sync_api import sync_playwright

    runs: dict[str, list[Mapping[str, Any]]] = {view: [] for view in VIEWS}
    chromium = os.environ.get("DYNSYNC_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(repeats):
            for view, (_, *places) in VIEWS.items():
                page = browser.new_page(viewport={"width": 1400, "height": 1000})
                page.set_default_timeout(OPENS_WITHIN_MS)
                open_notebook(page, address, f"{view}.ipynb")
                runs[view].append(page.evaluate(MEASURE, places))
                page.close(run_before_unload=False)
        browser.close()
    return runs


def main() -> None:
    """Measures both views."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fields", nargs="?", type=int, default=300, help="fields on each side")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each view; medians are told")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dynsync-view-") as folder:
        Work(Path(folder), chosen.fields).make()
        with running_lab(Path(folder), obeys_scripts=True) as address:
            runs = measure(address, chosen.repeats)
    print(f"{chosen.fields} fields a side\n{'':<8} {'first paint ms':>15} {'search ms':>10} {'elements':>9}")
    medians = {
        view: {name: round(statistics.median(run[name] for run in each)) for name in each[0]}
        for view, each in runs.items()
    }
    for view, figures in medians.items():
        print(f"{view:<8} {figures['painted']:>15} {figures['searched']:>10} {figures['nodes']:>9}")
    out = Path("out/benchmark-mapping-view.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"fields": chosen.fields, "repeats": chosen.repeats, "medians": medians}, indent=1))


if __name__ == "__main__":
    main()
