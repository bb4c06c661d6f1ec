"""Pieces of HTML that read the same in JupyterLab and in the report.

Facts
    * Every value is escaped by Jinja; nothing here joins HTML by hand.
    * In a notebook a piece brings its own style; the exporter takes that style out, since the page has it once.
    * Same values, same bytes: ids come from the content.
    * Templates are brought by whoever draws: the command line reads words and verdicts alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

STYLE_OPEN: Final = "<style data-dynsync-piece>"
STYLE_CLOSE: Final = "</style>"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("dynsync_lib.report", "templates/pieces"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(text: str, after: str) -> Markup:
    """A text that may wrap after a character within a word, too; copied, it is the same text."""
    from markupsafe import Markup, escape

    return Markup(str(escape(text)).replace(after, f"{after}<wbr>"))  # noqa: S704 - escaped


@cache
def piece_style() -> str:
    """The style sheet of all pieces, scoped to the class `dynsync`."""
    file = resources.files("dynsync_lib.report") / "templates" / "pieces" / "pieces.css"
    return file.read_text(encoding="utf-8")


def render(template: str, **values: object) -> Markup:
    """The HTML of `templates/pieces/<template>.html.j2` with `values` escaped."""
    from markupsafe import Markup

    return Markup(_environment().get_template(f"{template}.html.j2").render(**values))  # noqa: S704 - escaped by Jinja


def make_id(kind: str, content: str) -> str:
    """An element id, the same for the same content."""
    return f"{kind}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a page. `sentence` says in words what it shows, for places that show no HTML."""

    html: Markup
    sentence: str

    def _repr_html_(self) -> str:
        return f'{STYLE_OPEN}{piece_style()}{STYLE_CLOSE}<div class="dynsync">{self.html}</div>'

    def __repr__(self) -> str:
        return self.sentence


def join(*pieces: Piece) -> Piece:
    """Several pieces as one, in order."""
    from markupsafe import Markup

    html = Markup("\n").join(piece.html for piece in pieces)
    return Piece(html, " ".join(piece.sentence for piece in pieces if piece.sentence))
