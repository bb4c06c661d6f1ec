"""Why a prediction held, did not, or cannot be judged: the causes that a receipt names.

Where it is used: the other modules of `verification`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """The cause of one row of a receipt."""

    AS_PREDICTED = "as_predicted"
    RULE_IN_DOUBT = "rule_in_doubt"
    ASSUMPTION_IN_DOUBT = "assumption_in_doubt"
    """The record hangs on an open question, whose answer may be another one."""
    CHANGED_BY_PEOPLE = "changed_by_people"
    """Somebody changed or removed the record in the meantime: neither a hit nor a miss."""
    NOT_SETTLED = "not_settled"
    """Nobody can judge it: neither a hit nor a miss."""


CAUSES: Final = tuple(cause.value for cause in Cause)
MISSES: Final = (Cause.RULE_IN_DOUBT.value, Cause.ASSUMPTION_IN_DOUBT.value)
"""The causes of predictions that did not hold."""
