"""Matplotlib figures as small, searchable, accessible SVG.

Facts
    * The settings that make SVG text stay text and ids stable are read when the figure is saved, not when it is drawn.
    * Element ids repeat from figure to figure, so each gets the chart's own prefix.
    * INK, MUTED and PAPER are placeholders that become the page's colours, so that a chart follows light and dark.
    * Text is laid out with DejaVu Sans, which is wider than most fonts a reader has.

Source: the SVG 2 specification, "aria-labelledby" with title and desc; reference measurements of the project.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#010203"
MUTED: Final = "#010204"
PAPER: Final = "#010205"
_PAGE_COLOURS: Final = {INK: "currentColor", MUTED: "var(--ds-muted)", PAPER: "var(--ds-paper)"}
_SAVE: Final[dict[Any, Any]] = {"svg.fonttype": "none", "svg.hashsalt": "dynsync", "font.family": "DejaVu Sans"}
_NO_METADATA: Final = {"Date": None, "Creator": None, "Type": None, "Format": None}
_PIXELS_PER_INCH: Final = 72
LABEL_CHARACTERS: Final = 46
"""How much of a label fits into one line."""
LINE: Final = 15.0
"""From one line of text to the next, in pixels."""


def open_canvas(width_px: float, height_px: float) -> tuple[Figure, Axes]:
    """A figure of this size with one bare axes whose units are pixels, y downwards from the top left."""
    from matplotlib.figure import Figure  # slow to import, and the command line often draws nothing

    figure = Figure(figsize=(width_px / _PIXELS_PER_INCH, height_px / _PIXELS_PER_INCH), dpi=_PIXELS_PER_INCH)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width_px)
    axes.set_ylim(height_px, 0)
    axes.axis("off")
    return figure, axes


def write(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Text at a place in pixels, 12 px and centred on `y` unless `style` says otherwise."""
    settings: dict[str, Any] = {
        "fontsize": 12,
        "color": INK,
        "va": "center_baseline",
        "ha": "left",
        "parse_math": False,
        **style,
    }
    axes.text(x, y, text, **settings)


def wrap(label: str, characters: int, most: int = 2) -> list[str]:
    """A label in lines of at most so many characters; what does not fit into `most` lines is cut, with an ellipsis."""
    return textwrap.wrap(label, characters, max_lines=most, placeholder=" …")


def write_lines(axes: Axes, x: float, middle: float, lines: Sequence[str], **style: Any) -> None:
    """Lines one below the other, together centred on `middle`; `style` as in `write`."""
    for number, line in enumerate(lines):
        write(axes, x, middle + LINE * (number - (len(lines) - 1) / 2), line, **style)


def save_svg(figure: Figure, *, id_: str, title: str, description: str) -> Markup:
    """The figure as an `<svg role="img">` with title and description, without size, prolog or metadata."""
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context(_SAVE):
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA, transparent=True)
    drawing = buffer.getvalue()
    view_box = re.search(r'viewBox="([^"]*)"', drawing)
    inner = drawing[drawing.index(">", drawing.index("<svg")) + 1 : drawing.rindex("</svg>")]
    box = view_box.group(1) if view_box else ""
    width = box.split()[2] if box else "0"
    return Markup(
        '<svg role="img" viewBox="{box}" style="max-width:{width}px" aria-labelledby="{id}-title {id}-desc">'
        '<title id="{id}-title">{title}</title><desc id="{id}-desc">{description}</desc>{inner}</svg>'
    ).format(
        box=box,
        width=width,
        id=id_,
        title=title,
        description=description,
        inner=Markup(_adapt(inner, str(escape(id_)))),  # noqa: S704 - drawn by matplotlib, which escapes its text
    )


def _adapt(drawing: str, prefix: str) -> str:
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", drawing)
    drawing = re.sub(r"font:\s*(\w+ )?([\d.]+px) 'DejaVu Sans'[^;\"]*", _shorter_font, drawing)
    drawing = re.sub(r"font-family: 'DejaVu Sans'[^;\"]*;? ?", "", drawing)
    for placeholder, colour in _PAGE_COLOURS.items():
        drawing = drawing.replace(placeholder, colour)
    return re.sub(r"\n\s*", "\n", drawing).strip()


def _shorter_font(match: re.Match[str]) -> str:
    weight = (match.group(1) or "").strip()
    return f"font-size: {match.group(2)}" + (f"; font-weight: {weight}" if weight else "")


def text_colour(background: str) -> str:
    """Black or white, whichever has more contrast on a `#rrggbb` colour (WCAG 2.2 relative luminance)."""
    luminance = _luminance(background)
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def contrast_with_white(colour: str) -> float:
    """The contrast of a `#rrggbb` colour with white, from 1 to 21 (WCAG 2.2)."""
    return 1.05 / (_luminance(colour) + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
