"""What takes the sentences of a long job: whatever was given for `progress`, or nobody.

Where it is used: `kit.pages`, `kit.portals`, `kit.snapshots`.
"""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]
"""Is called with one sentence at each step."""


def silent(sentence: str) -> None:
    """Says nothing: for jobs without `progress`."""
    del sentence
