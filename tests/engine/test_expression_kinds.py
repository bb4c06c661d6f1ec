"""What Narwhals asks of kinds of expressions has the same answers as before, without being worked out again."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

PROBE: Final = """
from narwhals._expression_parsing import ExpansionKind, ExprKind
from dynsync_lib.engine.expression_kinds import answer_once

questions = ("is_orderable", "is_elementwise", "preserves_length", "is_scalar_like")
def answers():
    of_kinds = {(kind, question): getattr(kind, question) for kind in ExprKind for question in questions}
    return of_kinds | {(kind, "is_multi_output"): kind.is_multi_output() for kind in ExpansionKind}

before = answers()
assert any(before.values()) and not all(before.values())
for _ in range(2):
    answer_once()
    assert answers() == before
assert not any(isinstance(vars(ExprKind).get(question), property) for question in questions)
assert all("is_multi_output" in vars(kind) for kind in ExpansionKind)
"""


def test_answers__are_those_of_narwhals() -> None:
    subprocess.run([sys.executable, "-c", PROBE], check=True)
