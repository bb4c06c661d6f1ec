"""The questionnaire of an engagement as a form of a notebook: a control for each question, and a button that writes.

Facts
    * It shows the state and calls it (`settings_changes.questionnaire`). A question without an answer is open, and the
      form says what that means; an answer that somebody takes out of its control is taken away.
    * All answers are sent when the button is pressed, none before. A refusal is said and writes nothing.

Where it is used: `kit.questionnaire_form`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import traitlets

from dynsync_lib.widgets.answering_widget import AnsweringWidget, Deeds, Message, read_script, read_style


class Question(Protocol):
    """One question as the form shows it: `core.questions.AdminQuestion`."""

    @property
    def section(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def choices(self) -> Sequence[str]: ...

    @property
    def asks(self) -> str: ...

    @property
    def where(self) -> str: ...

    @property
    def checks(self) -> Sequence[str]: ...


class Answers(Protocol):
    """The state behind the form: `settings_changes.questionnaire.Questionnaire`."""

    message: str

    @property
    def questions(self) -> Sequence[Question]: ...

    @property
    def summary(self) -> str: ...

    def shown(self, name: str) -> str: ...

    def answer(self, name: str, text: str) -> None: ...

    def unanswered(self) -> Sequence[str]: ...

    def withdraw(self, name: str) -> None: ...

    def save(self) -> None: ...


class QuestionnaireForm(AnsweringWidget):
    """The form as a widget."""

    _esm = read_script("questionnaire_form")
    _css = read_style("questionnaire_form")
    questions: Any = traitlets.List().tag(sync=True)

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self.answers = answers
        self._refresh()
        self._say(answers.summary)

    def write(self, texts: Mapping[str, str]) -> str:
        """Takes what people typed or chose, by question, and writes it; gives back what became of it.

        Raises UsageError for what is no answer, and SettingsError when the file cannot be changed.
        """
        for name, text in texts.items():
            if text.strip():
                self.answers.answer(name, text)
            elif self.answers.shown(name):
                self.answers.withdraw(name)
        self.answers.save()
        self._refresh()
        return self.answers.message

    def _deeds(self) -> Deeds:
        return {"write": self._write}

    def _write(self, message: Message) -> str:
        return self.write({str(name): str(text) for name, text in dict(message.get("answers", {})).items()})

    def _refresh(self) -> None:
        """Shows the state as it is now."""
        unanswered = self.answers.unanswered()
        self.questions = [_shown(self.answers, question, unanswered) for question in self.answers.questions]

    def __repr__(self) -> str:
        return f"The questionnaire: {self.answers.summary}"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        data, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        return {**data, "text/plain": repr(self)}, metadata


def _shown(answers: Answers, question: Question, unanswered: Sequence[str]) -> dict[str, Any]:
    """A question for the browser: `options` are the answers to choose from, none for a number."""
    yes_no = ["yes", "no"] if question.type == "yes_no" else []
    return {
        "name": question.name,
        "asks": question.asks,
        "where": question.where,
        "options": yes_no or list(question.choices),
        "answer": answers.shown(question.name),
        "open": _say_open(question) if question.name in unanswered else "",
    }


def _say_open(question: Question) -> str:
    checks = ", ".join(question.checks)
    return f"Not answered: {checks} {'is' if len(question.checks) == 1 else 'are'} not checked."
