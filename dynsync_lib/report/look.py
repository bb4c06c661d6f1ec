"""How a report looks and speaks: language, and the name, logo and colour of the agency that hands it over.

Facts
    * A logo is part of the file, as a picture: nothing in it can run, and nothing is loaded. An SVG that tries either
      is refused all the same, since somebody may open it alone.
    * The colour is that of links, headings' lines and harmless figures; the colours of verdicts stay what they are.

Source: WCAG 2.2, contrast (minimum).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from dynsync_lib.errors import UsageError
from dynsync_lib.report.svg import contrast_with_white
from dynsync_lib.report.translation import LANGUAGES

_MOST_BYTES: Final = 200_000
_LEAST_CONTRAST: Final = 4.5
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_ACTIVE: Final = re.compile(
    r"<!DOCTYPE|<!ENTITY|<\?xml-stylesheet|<script|<foreignObject|<iframe|<image|@import|javascript:|\son\w+\s*=|"
    r"url\(\s*[\"']?(?!#)|href\s*=\s*[\"'](?!#)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Look:
    """A checked look. `logo` is a data address, `colour` is `#rrggbb`; empty means none."""

    language: str = "en"
    agency: str = ""
    logo: str = ""
    colour: str = ""


def make_look(*, language: str = "en", agency: str = "", logo: Path | None = None, colour: str = "") -> Look:
    """The look of these wishes. Raises UsageError for a language, a colour or a logo that a report cannot have."""
    if language not in LANGUAGES:
        raise UsageError(
            f"A report cannot be written in {language!r}.", next_step=f"Choose one of {', '.join(LANGUAGES)}."
        )
    return Look(language, agency, _read_logo(logo) if logo else "", _check_colour(colour))


def _check_colour(colour: str) -> str:
    if colour and not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise UsageError(f"The colour {colour!r} of the report is not one.", next_step='Write it as "#0b63ad".')
    if colour and contrast_with_white(colour) < _LEAST_CONTRAST:
        raise UsageError(
            f"The colour {colour} of the report is too light to be read on white.", next_step="Choose a darker one."
        )
    return colour


def _read_logo(path: Path) -> str:
    """The picture as a data address."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(
                f"The logo {path.name} has {path.stat().st_size:,} bytes; {_MOST_BYTES:,} are allowed.",
                next_step="Make it smaller: it is shown 40 pixels high.",
            )
        content = path.read_bytes()
    except OSError as fault:
        raise UsageError(
            f"The logo {path} cannot be read.", next_step="Name a PNG or SVG file, seen from dynsync.toml."
        ) from fault
    kind = "image/png" if content.startswith(_PNG) else _check_svg(path, content)
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _check_svg(path: Path, content: bytes) -> str:
    """The kind of an SVG in which nothing is active. Raises UsageError for everything else."""
    try:
        text = content.decode("utf-8")
        active = _ACTIVE.search(text)
        is_svg = not active and ElementTree.fromstring(text).tag.rpartition("}")[2] == "svg"  # noqa: S314 - no DTD
    except (UnicodeDecodeError, ElementTree.ParseError):
        active, is_svg = None, False
    if active:
        raise UsageError(
            f"The logo {path.name} does more than show a picture: it holds {active.group().strip()!r}.",
            next_step="Export it as a plain SVG or as PNG.",
        )
    if not is_svg:
        raise UsageError(f"The logo {path.name} is neither PNG nor SVG.", next_step="Export it as one of these.")
    return "image/svg+xml"
