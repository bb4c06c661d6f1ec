"""The nbconvert exporter `dynsync_report`: a run notebook as one HTML file that needs nothing else.

Facts
    * The file asks nothing of the network: no script, style, font or image from outside, and a content security policy
      that forbids them; the one script is allowed by its hash.
    * Code, prompts and warnings are left out; a notebook that ended in an error gives no report.
    * A drawing without a name, an image without a text, and a file above 2 MB are refused: our bugs, found early.
    * Its template is the kit's own and stands alone. nbconvert would look beside the data and in Jupyter's folders,
      too, and a template there could run code.
    * Not an HTMLExporter: that one rewrites the finished page, and takes the capitals out of SVG on its way.
    * The name has no hyphen, since JupyterLab's download route knows none.

Source: nbconvert's exporter entry points; Content Security Policy Level 3; WCAG 2.2.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from importlib import resources as package_resources
from pathlib import Path
from typing import Any, Final

from bs4 import BeautifulSoup, Tag
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode
from traitlets import default

from dynsync_lib.errors import DynsyncError
from dynsync_lib.report.look import Look
from dynsync_lib.report.pieces import STYLE_CLOSE, STYLE_OPEN, piece_style
from dynsync_lib.report.translation import Translator, translator_of

SIZE_LIMIT_BYTES: Final = 2_000_000
_FILLER_ALT: Final = "No description has been provided"
_DEFAULT_TITLE: Final = "DynSync report"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 2 or 3 with the id it can be jumped to."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """One part of the page: `kind` is words (from a markdown cell) or output (from a code cell)."""

    kind: str
    html: str


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between one heading of level 2 and the next. `id` is its heading's, empty for what stands before."""

    id: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the template places."""

    title: str
    parts: tuple[Part, ...]
    headings: tuple[Heading, ...]
    style: str
    script: str
    look: Look
    translator: Translator

    @property
    def policy(self) -> str:
        """The content security policy: nothing from anywhere but this file, and only this one script."""
        digest = base64.b64encode(hashlib.sha256(self.script.encode()).digest()).decode()
        return (
            f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        )


class DynsyncReportExporter(TemplateExporter):
    """Writes a run notebook as the stakeholder's report. Raises DynsyncError when the notebook is not fit to be one."""

    export_from_notebook = "DynSync report"
    output_mimetype = "text/html"

    look = Look()
    """Language and agency of the next report."""

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "dynsync_report"

    @cached_property
    def _templates(self) -> Path:
        return Path(str(package_resources.files("dynsync_lib.report"))) / "templates"

    @default("template_paths")
    def _template_paths_default(self) -> list[str]:
        return [str(self._templates / "dynsync_report")]

    def from_notebook_node(  # type: ignore[override] # nbconvert's HTML exporter returns text, its base says a node
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """The HTML text and nbconvert's resources."""
        extended = {**(resources or {}), "dynsync_page": self._read_page(nb)}
        text, extended = super().from_notebook_node(nb, extended, **kw)
        size = len(text.encode())
        if size > SIZE_LIMIT_BYTES:
            raise DynsyncError(
                f"The report would be {size / 1e6:.1f} MB; the limit is {SIZE_LIMIT_BYTES / 1e6:.0f} MB.",
                next_step="Show fewer rows: the forecast's files hold them all.",
            )
        return text, extended

    def _read_page(self, nb: NotebookNode) -> Page:
        folder = self._templates / "dynsync_report"
        translator = translator_of(self.look.language)
        blocks = tuple(
            Block(block.kind, translator.page(block.html)) for cell in nb.cells for block in _read_cell(cell)
        )
        words = [BeautifulSoup(block.html, "html.parser") for block in blocks if block.kind == "words"]
        return Page(
            title=next((_text_of(head) for soup in words for head in soup.find_all("h1")), _DEFAULT_TITLE),
            parts=tuple(_read_parts(blocks)),
            headings=tuple(heading for soup in words for heading in _read_headings(soup)),
            style=piece_style() + (folder / "page.css").read_text(encoding="utf-8") + _accent(self.look.colour),
            script=(folder / "page.js").read_text(encoding="utf-8"),
            look=self.look,
            translator=translator,
        )


def _accent(colour: str) -> str:
    """The style of an agency's colour, for light pages and print; it is too dark for dark ones."""
    rule = f".dynsync.dynsync{{--ds-accent:{colour}}}"
    return f"@media (prefers-color-scheme:light){{{rule}}}@media print{{{rule}}}" if colour else ""


def _read_cell(cell: NotebookNode) -> Iterator[Block]:
    if cell.cell_type == "markdown":
        yield Block("words", _show_markdown(cell.source))
    elif cell.cell_type == "code" and "remove-cell" not in cell.metadata.get("tags", []):
        for output in cell.outputs:
            html = _show_output(output)
            if html:
                yield Block("output", html)


def _read_parts(blocks: Iterable[Block]) -> Iterator[Part]:
    """The blocks by the heading of level 2 that they stand below."""
    id_, beneath = "", list[Block]()
    for block in blocks:
        head = BeautifulSoup(block.html, "html.parser").find("h2") if block.kind == "words" else None
        if isinstance(head, Tag):
            yield Part(id_, tuple(beneath))
            id_, beneath = str(head.get("id", "")), []
        beneath.append(block)
    yield Part(id_, tuple(beneath))


def _show_markdown(source: str) -> str:
    soup = BeautifulSoup(markdown2html_mistune(source), "html.parser")
    for link in soup.select("a.anchor-link"):
        link.decompose()
    return str(soup)


def _read_headings(soup: BeautifulSoup) -> Iterator[Heading]:
    for head in soup.find_all(["h2", "h3"]):
        yield Heading(int(head.name[1]), str(head.get("id", "")), _text_of(head))


def _text_of(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def _show_output(output: NotebookNode) -> str:
    if output.output_type == "error":
        raise DynsyncError(
            f"The notebook ended in an error ({output.ename}), so there is no report.",
            next_step="Open the notebook in JupyterLab and run it to see where.",
        )
    if output.output_type == "stream":
        return f'<p class="plain">{escape(output.text)}</p>' if output.name == "stdout" else ""
    data = output.data
    if "text/html" in data:
        return _check_html(_without_piece_style(data["text/html"]))
    if "image/png" in data:
        return _show_image(data["image/png"], output.metadata)
    if any(kind.startswith("application/vnd.jupyter.widget") for kind in data):
        return ""
    return f'<p class="plain">{escape(data.get("text/plain", ""))}</p>'


def _without_piece_style(html: str) -> str:
    return re.sub(f"{re.escape(STYLE_OPEN)}.*?{re.escape(STYLE_CLOSE)}", "", html, flags=re.DOTALL)


def _check_html(html: str) -> str:
    for drawing in re.findall(r"<svg\b.*?>.*?</svg>", html, flags=re.DOTALL):
        if 'role="img"' not in drawing or not re.search(r"<title\b[^>]*>[^<]", drawing):
            raise DynsyncError(
                "A drawing of the notebook has no name for those who cannot see it.",
                next_step='Give the <svg> role="img" and a <title>.',
            )
    return html


def _show_image(data: str, metadata: NotebookNode) -> str:
    alt = (metadata.get("image/png") or {}).get("alt", "")
    if not alt or alt.startswith(_FILLER_ALT):
        raise DynsyncError(
            "An image of the notebook has no text for those who cannot see it.",
            next_step="Show a chart of the kit, or give the image an alt text.",
        )
    return f'<img src="data:image/png;base64,{escape(data.strip())}" alt="{escape(alt)}">'
