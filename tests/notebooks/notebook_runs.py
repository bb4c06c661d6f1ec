"""Runs the shipped notebooks: in a kernel, as people do, or in this process, which takes a tenth of the time."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from dynsync_lib.report.notebook_format import NotebookNode, nbformat
from dynsync_lib.report.runner import export_report, prepare_notebook, run_notebook
from tests.report.hand_made_forecast import HandMadeForecast, write_forecast

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def run_here(path: Path, *, parameters: Mapping[str, object], timeout_s: float = 0.0) -> NotebookNode:
    """The notebook with what its cells show, run in this process: without a kernel, and without what is printed."""
    del timeout_s
    notebook = prepare_notebook(path, parameters)
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            shown = _run_cell(cell.source, names)
            cell.outputs = [] if shown is None else [_output(shown)]
    return notebook


def _run_cell(source: str, names: dict[str, Any]) -> object:
    """The value of the last line, if that is an expression."""
    lines = ast.parse(source).body
    last = lines.pop() if lines and isinstance(lines[-1], ast.Expr) else None
    exec(compile(ast.Module(lines, []), "<cell>", "exec"), names)  # noqa: S102 - the kit's own notebooks
    if not isinstance(last, ast.Expr):
        return None
    value: object = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307
    return value


def _output(shown: object) -> NotebookNode:
    from IPython.core.formatters import DisplayFormatter  # half a second, which no collection of tests need take

    formatter: Any = DisplayFormatter()
    data, _ = formatter.format(shown)
    output: NotebookNode = nbformat.v4.new_output("execute_result", data=data)  # type: ignore[no-untyped-call]
    return output


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
    """The stakeholder's report of the hand-made forecast, made once, in this process."""
    parameters = {"forecast_folder": forecast_folder(), "client": "Adler & Söhne <Example>"}
    notebook = run_here(NOTEBOOKS / "report_stakeholder.ipynb", parameters=parameters)
    return export_report(notebook, forecast_folder().parent / "report.html")
