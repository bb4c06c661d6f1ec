"""The questionnaire of an engagement as a form of a notebook: a field for each question, and a button that writes.

Facts
    * It shows the state and calls it (`settings_changes.questionnaire`). An empty field leaves its question open: an
      answer that somebody emptied is taken away.
    * Every field is named by its question, and the message below is a live region.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final, Protocol

from dynsync_lib.errors import DynsyncError

_WIDE: Final = "97%"


class Question(Protocol):
    """One question as the form shows it: `core.questions.AdminQuestion`."""

    @property
    def name(self) -> str: ...

    @property
    def asks(self) -> str: ...

    @property
    def where(self) -> str: ...

    @property
    def allowed(self) -> str: ...


class Answers(Protocol):
    """The state behind the form: `settings_changes.questionnaire.Questionnaire`."""

    message: str

    @property
    def questions(self) -> Sequence[Question]: ...

    def shown(self, name: str) -> str: ...

    @property
    def summary(self) -> str: ...

    def answer(self, name: str, text: str) -> None: ...

    def withdraw(self, name: str) -> None: ...

    def save(self) -> None: ...


class QuestionnaireForm:
    """The form as a widget. `fields` are its text fields by question."""

    def __init__(self, answers: Answers) -> None:
        import ipywidgets  # slow to import, and only notebooks need it

        self.answers = answers
        self.fields: dict[str, Any] = {}
        layout, rows = ipywidgets.Layout(width=_WIDE), []
        for question in answers.questions:
            label = f"<b>{escape(question.asks)}</b><br><small>{escape(question.where)}</small>"
            field = ipywidgets.Text(
                value=answers.shown(question.name),
                placeholder=f"{question.allowed}; empty: not checked",
                continuous_update=False,
                layout=layout,
                tooltip=question.asks,
            )
            self.fields[question.name] = field
            rows += [ipywidgets.HTML(label), field]
        self._message = ipywidgets.HTML()
        button = ipywidgets.Button(description="Write the answers")
        button.on_click(lambda _: self.write())
        self.widget: Any = ipywidgets.VBox([*rows, button, self._message])

    def write(self) -> None:
        """Takes what stands in the fields and writes it; a refusal is said, not raised, and writes nothing."""
        try:
            for name, field in self.fields.items():
                self._take(name, field.value)
            self.answers.save()
        except DynsyncError as fault:
            self.answers.message = f"{fault} {fault.next_step}"
        self._message.value = f'<p role="status">{escape(self.answers.message)}</p>'

    def _take(self, name: str, text: str) -> None:
        if text.strip():
            self.answers.answer(name, text)
        elif self.answers.shown(name):
            self.answers.withdraw(name)

    def __repr__(self) -> str:
        return f"The questionnaire: {self.answers.summary}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return {**self.widget._repr_mimebundle_(**options), "text/plain": repr(self)}
