"""What the kit's own widgets share: they do what their script in the browser asks for, and answer.

Facts
    * What the browser asks for is one small message: `do` says what, the rest with what. Each answer is a new state of
      the view, or a sentence; a fault is a sentence, too, and changes nothing.
    * Nothing is fetched from a network: scripts and styles are the kit's own files.

Where it is used: `widgets.mapping_widget`, `widgets.scenario_panel`, `widgets.questionnaire_form`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, Final

import anywidget
import traitlets

from dynsync_lib.errors import DynsyncError

Message = Mapping[str, Any]
Deeds = Mapping[str, Callable[[Message], str | None]]
"""What can be asked for, by the word of `do`: a function of the message that gives the answer, None for no sentence."""
_FOLDER: Final = resources.files("dynsync_lib.widgets")
_SHARED: Final = "elements"


def read_script(name: str) -> str:
    """The script of a widget, behind what all of them share."""
    return _read(f"{_SHARED}.js") + _read(f"{name}.js")


def read_style(name: str) -> str:
    """The style of a widget, behind what all of them share."""
    return _read(f"{_SHARED}.css") + _read(f"{name}.css")


def _read(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")


class AnsweringWidget(anywidget.AnyWidget):  # type: ignore[misc, unused-ignore]
    """A view whose script asks and is answered: `answer` has text, is_fault, and the number of answers so far."""

    answer = traitlets.Dict().tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._answers = 0
        self.on_msg(self._on_message)

    def _deeds(self) -> Deeds:
        raise NotImplementedError

    def _on_message(self, _: object, message: Message, __: object) -> None:
        """Does what the browser asks for, and answers."""
        do = self._deeds().get(str(message.get("do")))
        if do is None:
            self._say(f"This view cannot do `{message.get('do')}`.", is_fault=True)
            return
        try:
            sentence = do(message)
        except DynsyncError as fault:
            self._say(f"{fault.sentence} {fault.next_step}".strip(), is_fault=True)
            return
        except OSError as fault:
            self._say(f"{fault.filename or 'The file'} cannot be used: {fault.strerror}.", is_fault=True)
            return
        if sentence is not None:
            self._say(sentence)

    def _say(self, sentence: str, *, is_fault: bool = False) -> None:
        self._answers += 1  # what is sent twice counts twice
        self.answer = {"text": sentence, "is_fault": is_fault, "number": self._answers}
