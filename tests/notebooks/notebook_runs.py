"""Runs the shipped notebooks on a hand-made forecast."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from dynsync_lib.report.notebook_format import NotebookNode
from dynsync_lib.report.runner import export_report, run_notebook
from tests.report.hand_made_forecast import HandMadeForecast, write_forecast

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@cache
def forecast_folder() -> Path:
    """A folder with the hand-made forecast, made once."""
    return write_forecast(HandMadeForecast(), Path(mkdtemp(prefix="dynsync-")) / "forecast")


@cache
def run_on_hand_made(name: str, **parameters: str | bool) -> NotebookNode:
    """A shipped notebook, run once per set of parameters."""
    told = {"forecast_folder": forecast_folder(), **parameters}
    return run_notebook(NOTEBOOKS / name, parameters=told, timeout_s=120)


@cache
def report_file() -> Path:
    """The stakeholder's report of the hand-made forecast, made once."""
    notebook = run_on_hand_made("report_stakeholder.ipynb", client="Adler & Söhne <Example>")
    return export_report(notebook, forecast_folder().parent / "report.html")
