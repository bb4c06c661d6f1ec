"""The exporter: one file, nothing from outside, and no report of what is not fit to be one."""

import base64
import hashlib
import re
from importlib.metadata import entry_points
from typing import Any

import pytest

from dynsync_lib.errors import DynsyncError
from dynsync_lib.report import exporter
from dynsync_lib.report.charts import outcome_bars
from dynsync_lib.report.exporter import DynsyncReportExporter
from dynsync_lib.report.figures import six_figures
from dynsync_lib.report.notebook_format import nbformat
from tests.report.hand_made_forecast import HandMadeForecast

v4: Any = nbformat.v4  # states no types


def _notebook(*outputs: Any, tags: tuple[str, ...] = ()) -> Any:
    cell = v4.new_code_cell("secret_code = 1", outputs=list(outputs), metadata={"tags": list(tags)})
    words = v4.new_markdown_cell("# A *title* & more\n\n## First part\n\nWords.\n\n### A detail\n\n## Second part")
    return v4.new_notebook(cells=[words, cell])


def _html(*outputs: Any, tags: tuple[str, ...] = ()) -> str:
    make_exporter: Any = DynsyncReportExporter  # nbconvert's own `__init__` states no types
    text, _ = make_exporter().from_notebook_node(_notebook(*outputs, tags=tags))
    return str(text)


def _display(**data: Any) -> Any:
    return v4.new_output("display_data", data={kind.replace("__", "/"): value for kind, value in data.items()})


def test_exporter__is_registered_under_a_name_without_hyphen() -> None:
    (found,) = entry_points(group="nbconvert.exporters", name="dynsync_report")
    assert found.load() is DynsyncReportExporter


def test_exporter__policy_allows_only_its_own_script() -> None:
    html = _html()
    (script,) = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2]


def test_exporter__nothing_points_outside() -> None:
    html = _html(_display(text__html=outcome_bars(HandMadeForecast())._repr_html_()))
    assert re.findall(r"(?:https?:)?//[a-z][a-z.]+", html.replace("http://www.w3.org", "")) == []
    assert not any(word in html for word in ("require.js", "mathjax", "jupyter-widgets", "@import"))


def test_exporter__hides_code_and_warnings_and_makes_contents() -> None:
    html = _html(v4.new_output("stream", name="stderr", text="a warning"), v4.new_output("stream", text="a <word>"))
    assert "secret_code" not in html
    assert "a warning" not in html
    assert "a &lt;word&gt;" in html
    assert "<title>A title &amp; more</title>" in html
    contents = re.findall(r'<li class="level-(\d)"><a href="#([^"]+)">([^<]+)</a>', html)
    assert contents == [
        ("2", "content", "On one page"),
        ("2", "First-part", "First part"),
        ("3", "A-detail", "A detail"),
        ("2", "Second-part", "Second part"),
    ]
    assert 'id="First-part"' in html
    assert "anchor-link" not in html


def test_exporter__has_language_landmarks_and_skip_link() -> None:
    html = _html()
    assert '<html lang="en">' in html
    assert '<a class="skip" href="#content">' in html
    assert '<main id="content"' in html
    assert '<nav class="contents"' in html


def test_exporter__style_of_the_pieces_comes_once() -> None:
    html = _html(*[_display(text__html=six_figures(HandMadeForecast())._repr_html_())] * 2)
    assert html.count(".dynsync .ds-value{") == 1
    assert html.count('class="ds-value"') == 12


def test_exporter__same_notebook_same_bytes() -> None:
    assert _html() == _html()


def test_exporter__widgets_and_removed_cells_are_left_out() -> None:
    widget = _display(**{"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider(value=0)"})
    assert "IntSlider" not in _html(widget)
    assert "hidden words" not in _html(v4.new_output("stream", text="hidden words"), tags=("remove-cell",))


def test_exporter__refuses_an_error() -> None:
    with pytest.raises(DynsyncError, match=r"ended in an error \(ValueError\)"):
        _html(v4.new_output("error", ename="ValueError", evalue="anna@adler.example", traceback=[]))


def test_exporter__refuses_a_drawing_without_a_name() -> None:
    with pytest.raises(DynsyncError, match="A drawing of the notebook has no name"):
        _html(_display(text__html="<svg><g/></svg>"))


@pytest.mark.parametrize("alt", ["", "No description has been provided for this image"])
def test_exporter__refuses_an_image_without_text(alt: str) -> None:
    image = v4.new_output("display_data", data={"image/png": "AAAA"}, metadata={"image/png": {"alt": alt}})
    with pytest.raises(DynsyncError, match="An image of the notebook has no text"):
        _html(image)


def test_exporter__shows_an_image_with_its_text() -> None:
    image = v4.new_output("display_data", data={"image/png": "AAAA\n"}, metadata={"image/png": {"alt": 'a "plan"'}})
    assert '<img src="data:image/png;base64,AAAA" alt="a &quot;plan&quot;">' in _html(image)


def test_exporter__refuses_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "SIZE_LIMIT_BYTES", 1_000)
    with pytest.raises(DynsyncError, match="The report would be"):
        _html()
