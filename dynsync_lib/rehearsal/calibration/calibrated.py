"""A plan of open questions with its answers, as rows to show.

Where it is used: `kit.trials`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dynsync_lib.rehearsal.calibration.calibration_plan import Calibration
from dynsync_lib.rehearsal.calibration.reading import Answer
from dynsync_lib.rehearsal.rehearsal_folder import Step, open_rehearsal


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The plan, and an answer for each of its questions, in the plan's order."""

    calibration: Calibration
    answers: tuple[Answer, ...]

    def questions(self) -> list[dict[str, Any]]:
        """One row a question, those that move most records first: what the plan says of it, and its answer.

        The answer: choice (null when nobody can tell), also, why, line (for `[assumptions]`), evidence (point, records,
        is_there, left_by).
        """
        rows = self.calibration.info["questions"]
        return [
            {**row, **asdict(answer), "line": answer.line()} for row, answer in zip(rows, self.answers, strict=True)
        ]

    def runs(self) -> list[dict[str, Any]]:
        """One row a run: run, says, folder, step, moves (the most that one of its questions moves), questions, lacking,
        needs."""
        moves = {row["question"]: row["moves"] for row in self.calibration.info["questions"]}
        return [self._run(row, moves) for row in self.calibration.info["runs"]]

    def assumptions(self) -> list[str]:
        """The lines for `[assumptions]` of dynsync.toml: of every question with an answer."""
        return [line for answer in self.answers if (line := answer.line()) is not None]

    def _run(self, row: Mapping[str, Any], moves: Mapping[str, int]) -> dict[str, Any]:
        folder = self.calibration.run_folder(row["run"])
        rehearsal = open_rehearsal(folder)
        is_read = rehearsal.after_path.exists()
        return {
            "run": row["run"],
            "says": row["says"],
            "folder": str(folder),
            "step": (Step.READ_BACK if is_read else rehearsal.step).value,
            "moves": max((moves[name] for name in row["questions"]), default=0),
            "questions": list(row["questions"]),
            "lacking": list(rehearsal.info["lacking"]),
            "needs": list(row["needs"]),
        }
