"""What may be said: texts without the secrets in use, without control characters, and of a bounded length.

Facts
    * Whoever reads a secret, or receives a token, says so here once (`remember_secret`). Every error of the kit, every
      line on a screen, JSON and log goes through here, so that a portal may repeat a secret wherever it likes.
    * A secret is looked for as it is, and as URLs and JSON write it. One of fewer than eight characters is not: too
      much of any text would be hidden.
    * Control characters of customers' data would move the cursor of a terminal, colour it or turn lines around; they
      are shown by their number.

Where it is used: `errors`, `cli`, `portals.http`, `portals.sign_in`; every error of the kit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

HIDDEN: Final = "***"
_SHORTEST: Final = 8
_LONGEST: Final = 600
_END: Final = 100
_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u206f\u200b-\u200d\ufeff\ud800-\udfff]"
)
"""Control characters but for tabs and line ends, marks that turn the direction of writing, and halves of characters."""
_LOOKS_SECRET: Final = re.compile(
    r"(?i:bearer)\s+\S+|pat-[a-z0-9]+-[\w-]+|eyJ[\w.-]+|[^\s\"'<>=,;:()\[\]]+(?:@|%40)[^\s\"'<>=,;:()\[\]]+"
)
"""What looks like a token, and e-mail addresses."""
_IMPERSONAL: Final = re.compile(
    r"[0-9A-Fa-f{}.,:+/-]{1,40}|[0-9TZ .:+-]{1,40}|[a-z][a-z_]{0,30}|[0-9][0-9.,]*E[+-]?[0-9]+"
)
"""Cells that are numbers, dates, ids or lower-case words without blanks."""
_secrets: set[str] = set()


def remember_secret(*texts: str | None) -> None:
    """From now on these texts are hidden in all that is said; nothing and short texts are passed over."""
    for text in texts:
        plain = (text or "").strip()
        if len(plain) >= _SHORTEST:
            _secrets.update((plain, quote(plain, safe=""), quote_plus(plain), json.dumps(plain)[1:-1]))


def forget_secrets() -> None:
    """Nothing is hidden any more, as at the start."""
    _secrets.clear()


def hide_secrets(text: str) -> str:
    """The text with `***` for each secret in use.

    >>> remember_secret("correct horse")
    >>> hide_secrets("token=correct%20horse&x=1")
    'token=***&x=1'
    """
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def redact(text: str) -> str:
    """A portal's text, with `***` for each secret in use, what looks like a token, and each e-mail address.

    >>> redact("ada@example.com may not read deals")
    '*** may not read deals'
    """
    return _LOOKS_SECRET.sub(HIDDEN, hide_secrets(text))


def tell_cell(cell: str | None) -> str:
    """A cell of a customer's file as an error may repeat it: as it is where it can only be a number, a date, an id or a
    word of a portal, else by its length, since a person may stand where something else belongs.

    >>> tell_cell("2026-11-31"), tell_cell("ticket"), tell_cell("Ada Byron"), tell_cell("")
    ("'2026-11-31'", "'ticket'", 'a text of 9 characters', 'empty')
    """
    if not cell:
        return "empty"
    return repr(cell) if _IMPERSONAL.fullmatch(cell) else f"a text of {len(cell):,} characters"


def show_controls(text: str) -> str:
    r"""The text with its control characters shown by their number; tabs and line ends stay.

    >>> show_controls("\x1b[31mred")
    '\\x1b[31mred'
    """
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def shorten(text: str, longest: int = _LONGEST) -> str:
    """The text, its middle left out when it has more characters than `longest`.

    >>> shorten("a" * 400 + "b" * 400, longest=300).count("a")
    197
    """
    return text if len(text) <= longest else f"{text[: longest - _END - 3]} … {text[-_END:]}"


def say(text: str) -> str:
    """A sentence as it may be printed or raised: no secret in use, no control character, not too long."""
    return shorten(show_controls(hide_secrets(text)))


def hide_everywhere(value: Any) -> Any:
    """The value with `***` for each secret in its texts, in those of its lists and mappings, too."""
    if isinstance(value, str):
        return hide_secrets(value)
    if isinstance(value, Mapping):
        return {hide_everywhere(name): hide_everywhere(held) for name, held in value.items()}
    if isinstance(value, Iterable) and isinstance(value, list | tuple | set | frozenset):
        return [hide_everywhere(held) for held in value]
    return value
