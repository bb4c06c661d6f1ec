"""Every error the kit raises on purpose, in one tree.

DynsyncError                    exit code 2 unless a branch says otherwise
├── UsageError                  the command was used wrongly
├── SettingsError               `dynsync.toml` or `--set` is wrong; carries every fault at once
├── InputFileError              a CSV or XLSX file cannot be read as what it claims to be
│   └── WorklistError           a worklist that was filled in cannot be used; carries every fault at once
├── SnapshotError               a snapshot folder is missing, damaged or of another version
├── RulebookError               a file of `dynsync_lib/rules/` is wrong: our bug
├── SafetyError                 the kit refused, to protect a portal or a person
└── PortalError                 exit code 3
    ├── ProductionPortalError   the portal is not known to be for tests, so nothing is written there
    ├── SignInError             the portal did not accept who we say we are
    ├── AccessError             signed in, but a scope, privilege or application user is missing
    ├── RateLimitError          the portal's limit is used up and waiting does not help
    ├── PortalUnavailableError  no connection, or the portal kept failing
    ├── AnswerLostError         a write was sent and its answer never came, so that it may have been done
    └── UnexpectedReplyError    the portal answered something its documentation does not allow

A message is one sentence with the value and the place; `next_step` says what to do.
Bad customer data never raises: it becomes an outcome or a finding.
No message holds a token, an e-mail address or a person's name; every one goes through `messages.say`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from dynsync_lib.messages import redact, say

_MOST_LISTED: Final = 20
"""Faults of one file that a message lists."""
_FAULT_LINE: Final = re.compile(r"(.+), ([A-Z]+\d+): (.+)")
"""How a message names a fault of a worklist: its sheet, its cell, and a sentence."""


class DynsyncError(Exception):
    """The root. `str(error)` is the sentence, `next_step` what to do, `exit_code` what the command returns."""

    exit_code: ClassVar[int] = 2

    def __init__(self, sentence: str, *, next_step: str = "") -> None:
        self.sentence = "\n".join(say(line) for line in sentence.split("\n"))
        self.next_step = say(next_step)
        super().__init__(self.sentence)

    @classmethod
    def retold(cls, sentence: str, *, next_step: str = "") -> Self:
        """The error again from what it said elsewhere, such as in a notebook's kernel."""
        return cls(sentence, next_step=next_step)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a notebook instead of a traceback: the sentence and the next step."""
        return [line for line in (*self.sentence.split("\n"), self.next_step) if line]


class UsageError(DynsyncError):
    """The command line or a `kit` call was used in a way that cannot work."""


class SettingsError(DynsyncError):
    """One or more settings are wrong. `faults` holds a sentence for each, in file order."""

    def __init__(self, faults: Sequence[str], *, next_step: str = "") -> None:
        self.faults = tuple(say(fault.replace("\n", " ")) for fault in faults)
        where = "--set" if all(fault.startswith("--set") for fault in faults) else "the settings file"
        super().__init__("\n".join(self.faults), next_step=next_step or f"Correct {where} and run again.")

    @classmethod
    def retold(cls, sentence: str, *, next_step: str = "") -> Self:
        """The error again, a fault a line."""
        return cls(sentence.splitlines(), next_step=next_step)


class InputFileError(DynsyncError):
    """An exported CSV or XLSX file cannot be used; names file, line and column."""


@dataclass(frozen=True, slots=True)
class WorklistFault:
    """What is wrong at one place of a worklist: title of the sheet, address of the cell, and a sentence.

    `workbook` is the file where several were read together, else it is empty.
    """

    sheet: str
    cell: str
    sentence: str
    workbook: str = ""

    def __str__(self) -> str:
        where = ", ".join(filter(None, (self.workbook, self.sheet, self.cell)))
        return f"{where}: {self.sentence}"


class WorklistError(InputFileError):
    """A worklist that was filled in cannot be used. `faults` are all of them, in the order of the workbook."""

    def __init__(self, faults: Sequence[WorklistFault], *, next_step: str = "") -> None:
        self.faults = tuple(
            WorklistFault(say(fault.sheet), fault.cell, say(fault.sentence), say(fault.workbook)) for fault in faults
        )
        lines = [str(fault) for fault in self.faults[:_MOST_LISTED]]
        if len(self.faults) > _MOST_LISTED:
            lines.append(f"And {len(self.faults) - _MOST_LISTED:,} more.")
        super().__init__("\n".join(lines), next_step=next_step or "Correct the cells, and import the workbook again.")

    @classmethod
    def retold(cls, sentence: str, *, next_step: str = "") -> Self:
        """The error again, in the same words; `faults` are those that they name."""
        named = filter(None, map(_FAULT_LINE.fullmatch, sentence.splitlines()))
        error = cls([WorklistFault(*line.groups()) for line in named], next_step=next_step)
        super(WorklistError, error).__init__(sentence, next_step=error.next_step)
        return error


class SnapshotError(DynsyncError):
    """A snapshot folder is missing, damaged, unfinished, or written by another schema version."""


class RulebookError(DynsyncError):
    """A shipped rule file breaks its own rules (no source, unknown id): a bug of the kit."""


class SafetyError(DynsyncError):
    """The kit refused to send or to write, because that could harm a portal or a person."""


class PortalError(DynsyncError):
    """A portal could not be used. `correlation_id` is the portal's own id of the failed request, or None.

    What a portal says may repeat a token or a person's address: neither comes out.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, sentence: str, *, next_step: str = "", correlation_id: str | None = None) -> None:
        super().__init__(redact(sentence), next_step=next_step)
        self.correlation_id = None if correlation_id is None else say(redact(str(correlation_id)))


class ProductionPortalError(PortalError):
    """A portal says that it is for production, says something that nobody documents, or says nothing."""


class SignInError(PortalError):
    """Wrong or expired token, tenant, client id or secret."""


class AccessError(PortalError):
    """Signed in, but a scope, a privilege or the application user is missing. `missing` are those that were named.

    `is_absent`: nobody is refused; the portal has no such object.
    """

    def __init__(
        self,
        sentence: str,
        *,
        next_step: str = "",
        correlation_id: str | None = None,
        missing: Sequence[str] = (),
        is_absent: bool = False,
    ) -> None:
        super().__init__(sentence, next_step=next_step, correlation_id=correlation_id)
        self.is_absent = is_absent
        self.missing = tuple(say(redact(name)) for name in missing)


class RateLimitError(PortalError):
    """A limit is used up that waiting a little does not cure (the daily budget)."""


class PortalUnavailableError(PortalError):
    """No connection, or the portal failed on every try."""


class AnswerLostError(PortalError):
    """A write was sent, and whether it was done is not known: the connection ended, or the portal failed."""


class UnexpectedReplyError(PortalError):
    """A reply that the portal's documentation does not allow, such as a cursor that does not move."""
