"""How tables are described: lazy frames and expressions, in the words that the engine understands quickest.

    from dynsync_lib.core import frames as nw

    frame.filter(nw.col("email").is_null()).select("id")

Facts
    * The words are Narwhals', which took them from Polars: whoever knows one reads the other. Any engine understands
      them through Narwhals. Polars takes its own without Narwhals in between, at a twentieth of the price: two fifths
      of a small forecast's time, which describes 46,000 steps.
    * An engine that brings words of its own is spoken to in them from when it is opened until it is closed, within the
      `contextvars` context in which it was opened: threads and callbacks may speak to other engines meanwhile.
    * A frame of one engine and a word of another do not mix: whichever library is asked raises a TypeError.
    * So no expression is worked out when a module is imported, and no word is imported by itself
      (`tests/engine/test_spoken_words.py`).

Where it is used: wherever frames are described; `engine` says whose words are spoken.
"""

from __future__ import annotations

from contextvars import ContextVar
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

Frame: TypeAlias = "LazyFrame[Any]"
"""A lazy frame, of Narwhals or of Polars."""
_SPOKEN: Final[ContextVar[ModuleType | None]] = ContextVar("dynsync_words", default=None)

if TYPE_CHECKING:
    from dynsync_lib.core.narwhals_words import *  # noqa: F403 - the words are listed there
    from dynsync_lib.core.narwhals_words import LazyFrame
else:

    def __getattr__(word: str) -> Any:
        """The word as the engine that is open has it. Raises AttributeError for what Python asks of every module."""
        if word.startswith("__"):
            raise AttributeError(word)
        return getattr(_SPOKEN.get() or _narwhals_words(), word)


def speak(words: ModuleType | None) -> ModuleType | None:
    """From now on the words of that module are spoken, or with None Narwhals'; those spoken before come out."""
    before = _SPOKEN.get()
    _SPOKEN.set(words)
    return before


def _narwhals_words() -> ModuleType:
    from dynsync_lib.core import narwhals_words  # a portal that Polars keeps needs no Narwhals

    return narwhals_words
