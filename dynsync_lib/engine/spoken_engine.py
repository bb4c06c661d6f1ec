"""An engine's own words are spoken while it is open, and those of before afterwards.

Where it is used: `engine.polars_engine`, `engine.duckdb_engine`, `engine.spark_engine`.
"""

from __future__ import annotations

from types import ModuleType, TracebackType
from typing import ClassVar, Literal, Self

from dynsync_lib.core import frames as nw


class SpokenEngine:
    """What all engines do when they are opened and closed, as a context manager; it can be entered again within."""

    words: ClassVar[ModuleType | None] = None
    """The module of the engine's own words for frames (`core.frames`), or None where it understands Narwhals'."""

    def __init__(self) -> None:
        self._spoken_before: list[ModuleType | None] = []

    def __enter__(self) -> Self:
        self._spoken_before.append(nw.speak(self.words))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        nw.speak(self._spoken_before.pop())
        if not self._spoken_before:
            self.close()
        return False

    def close(self) -> None:
        """Lets go of what the engine holds besides memory: nothing, unless it says so."""
