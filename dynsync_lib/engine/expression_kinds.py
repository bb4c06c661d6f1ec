"""What Narwhals asks of the kind of an expression, answered once.

Facts
    * Narwhals 2.29 answers each such question by making a set of up to nine kinds, each of which Python hashes by its
      name, for every node of every expression. Of a small forecast, which has tens of thousands of nodes, that is a
      fourteenth of the time.
    * The answers are constants. Where Narwhals asks in another way, older or newer, nothing is changed.

Where it is used: `engine.open_engine`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

_QUESTIONS: Final = ("is_orderable", "is_elementwise", "preserves_length", "is_scalar_like")


def answer_once() -> None:
    """Makes the answers attributes of each kind, in place of properties that work them out."""
    with suppress(ImportError):
        from narwhals._expression_parsing import ExprKind

        for question in _QUESTIONS:
            _answer_once(ExprKind, question)


def _answer_once(kinds: Any, question: str) -> None:
    if not isinstance(vars(kinds).get(question), property):
        return
    answers = {kind: getattr(kind, question) for kind in kinds}
    delattr(kinds, question)
    for kind, answer in answers.items():
        setattr(kind, question, answer)
