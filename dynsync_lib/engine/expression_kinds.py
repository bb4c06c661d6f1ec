"""What Narwhals asks of the kind of an expression, answered once.

Facts
    * Narwhals 2.29 answers each such question by making a set of up to nine kinds, each of which Python hashes by its
      name, for every node of every expression. Of a small forecast, which has tens of thousands of nodes, that is a
      tenth of the time.
    * The answers are constants. Where Narwhals asks in another way, older or newer, nothing is changed.

Where it is used: `engine.open_engine`.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any, Final

_QUESTIONS: Final = ("is_orderable", "is_elementwise", "preserves_length", "is_scalar_like")


_ASKED_BY_CALL: Final = "is_multi_output"


def answer_once() -> None:
    """Makes the answers attributes of each kind, in place of properties and a method that work them out."""
    with suppress(ImportError):
        from narwhals._expression_parsing import ExpansionKind, ExprKind

        for question in _QUESTIONS:
            _answer_once(ExprKind, question)
        _answer_calls_once(ExpansionKind, _ASKED_BY_CALL)


def _answer_once(kinds: Any, question: str) -> None:
    if not isinstance(vars(kinds).get(question), property):
        return
    answers = {kind: getattr(kind, question) for kind in kinds}
    delattr(kinds, question)
    for kind, answer in answers.items():
        setattr(kind, question, answer)


def _answer_calls_once(kinds: Any, question: str) -> None:
    if not callable(vars(kinds).get(question)):
        return
    for kind in kinds:
        answer = getattr(kind, question)()
        setattr(kind, question, partial(bool, answer))
