"""The commented settings files that the kit ships, to begin an engagement with."""

from __future__ import annotations

from importlib import resources
from typing import Final

import dynsync_lib
from dynsync_lib.errors import UsageError

SETTINGS_EXAMPLES: Final = ("mql-to-dynamics", "dynamics-upsell", "safe-start")
"""The ready examples of `dynsync init --example`."""


def settings_template(example: str | None = None) -> str:
    """The commented `dynsync.toml` that `dynsync init` writes; with the name of an example, that one.

    Raises UsageError when there is no example of that name.

    >>> print(kit.settings_template("safe-start").splitlines()[0])
    # dynsync.toml: a careful first sync. Only recent people with an address who did not opt out enter the other side.
    """
    if example is not None and example not in SETTINGS_EXAMPLES:
        raise UsageError(f"There is no example {example!r}.", next_step=f"Use one of: {', '.join(SETTINGS_EXAMPLES)}.")
    name = "settings_template" if example is None else f"settings_examples/{example}"
    return (resources.files(dynsync_lib) / "rules" / f"{name}.toml").read_text(encoding="utf-8")
