"""Progress in a notebook: the last sentences of a long job, and a bar while it runs.

Facts
    * Takes one sentence at a time, so it fits wherever the kit takes `progress`.
    * The state is plain (`ProgressLog`); the widget is only a view of it.

Not modelled
    * How much is left: no portal says how many pages there will be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from types import TracebackType
from typing import Any, Final, Self

LINES_SHOWN: Final = 5


@dataclass(slots=True)
class ProgressLog:
    """The sentences so far; `is_finished` when no more will come."""

    lines: list[str] = field(default_factory=list)
    is_finished: bool = False

    def add(self, sentence: str) -> None:
        """Remembers a sentence."""
        self.lines.append(sentence)

    def as_html(self, shown: int = LINES_SHOWN) -> str:
        """The last `shown` sentences, escaped, one below the other."""
        return "<br>".join(escape(line) for line in self.lines[-shown:])


class ProgressView:
    """A bar and the last sentences. Call it with a sentence.

    As a context it says at the end whether the block was finished or has stopped; an error goes on its way.
    """

    def __init__(self, log: ProgressLog | None = None) -> None:
        import ipywidgets  # slow to import, and only notebooks need it

        self.log = log or ProgressLog()
        self._bar = ipywidgets.IntProgress(value=0, min=0, max=1, description="Working", bar_style="info")
        self._text = ipywidgets.HTML(self.log.as_html())
        self.widget: Any = ipywidgets.VBox([self._bar, self._text])

    def __call__(self, sentence: str) -> None:
        """Shows one more sentence."""
        self.log.add(sentence)
        self._text.value = self.log.as_html()
        self._bar.max = len(self.log.lines) + 1
        self._bar.value = len(self.log.lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        del error, where
        if kind is None:
            self._end("Done", "success", "Done.")
            self._bar.value = self._bar.max
        else:
            self._end("Stopped", "danger", "Stopped. Run the cell again to go on.")

    def _end(self, word: str, style: str, sentence: str) -> None:
        """Says the last sentence, and in a word and a colour how it ended."""
        self(sentence)
        self.log.is_finished = True
        self._bar.description = word
        self._bar.bar_style = style

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)
