"""Audit rules about rights in Dynamics: those of the user who pulled, and what is known of the sync's own user.

Facts
    * Every user sees only the rows that he may read, so what a pull brought is what its user sees (1.10).
    * The sync's user needs Create and Write where Dynamics is written to (1.9). Nobody reads that user's rights: a
      person who pulled may be that user, an application of the kit's own is not.
    * What an administrator answered about the sync's user counts more than the rights of whoever pulled.

Not modelled
    * Rights of HubSpot's side: the sync has those of its own app, whatever the scopes of the kit's token are.
    * Append and Append To, which associations may need, column security, and teams.

Source: rules record.privilege, portal.caller-sees-own-rows (1.9, 1.10).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dynsync_lib.core.audit.measures import Measures
from dynsync_lib.core.counting import Count, Question, Tables, known, known_rows
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on
from dynsync_lib.core.tables import privilege, rights_to_write

_WHOLE: Final = "Global"
"""The depth of a privilege that reaches all rows."""
_ANSWER: Final = "sync_user_may_write"


def count_forbidden_writing(situation: Situation, tables: Tables) -> Count:
    """1 when an administrator answered that the sync's user may not write; None without an answer, 0 if none is due."""
    del tables
    answer = situation.settings.answers.get(_ANSWER)
    if not _written(situation):
        return known(0)
    return known(None if answer is None else int(answer is False))


def count_missing_privileges(situation: Situation, tables: Tables) -> Count:
    """Privileges that the person who pulled lacks to write what the sync writes; 0 where an answer says more."""
    del tables
    lacking = _missing(situation)
    rows = [{"system": "dynamics", "object": object_.value, "detail": name} for name, object_ in lacking.items()]
    return known_rows(situation, rows)


def count_partly_read(situation: Situation, tables: Tables) -> Count:
    """Dynamics tables of objects that are on of which the user who pulled may not read all rows."""
    del tables
    depths = _partly_read(situation)
    rows = [
        {"system": "dynamics", "object": object_.value, "detail": f"{privilege('Read', object_)}: {depth}"}
        for object_, depth in depths.items()
    ]
    return known_rows(situation, rows)


def _written(situation: Situation) -> list[Object]:
    """The objects that the sync is to write to Dynamics, as far as the settings do not say that its user may not."""
    syncs = {object_: situation.sync(object_) for object_ in objects_on(situation)}
    return [
        object_
        for object_, sync in syncs.items()
        if sync.direction.writes_to(System.DYNAMICS) and sync.sync_user_may_write
    ]


def _missing(situation: Situation) -> dict[str, Object]:
    """The privileges that are missing, with the object whose table they are about."""
    held = situation.caller_privileges
    if held is None or not situation.caller_is_person or _ANSWER in situation.settings.answers:
        return {}
    needed = {name: object_ for object_ in _written(situation) for name in rights_to_write(object_)}
    return {name: object_ for name, object_ in needed.items() if name not in held}


def _partly_read(situation: Situation) -> dict[Object, str]:
    """The depth to which each table can be read that cannot be read as a whole; a table nobody may read is left out."""
    held = situation.caller_privileges or {}
    depths = {object_: held.get(privilege("Read", object_), _WHOLE) for object_ in objects_on(situation)}
    return {object_: depth for object_, depth in depths.items() if depth != _WHOLE}


def _name_partly_read(situation: Situation, tables: Tables) -> Question[str]:
    del tables
    depths = _partly_read(situation)
    return known(", ".join(f"{privilege('Read', object_)} is {depth}" for object_, depth in depths.items()))


def _name_missing(situation: Situation, tables: Tables) -> Question[str]:
    del tables
    return known(", ".join(_missing(situation)))


MEASURES: Final[Measures] = {
    "forbidden_writing": count_forbidden_writing,
    "missing_write_privileges": count_missing_privileges,
    "partly_read_tables": count_partly_read,
}
NAMES: Final[Mapping[str, Callable[[Situation, Tables], Question[str]]]] = {
    "missing_write_privileges": _name_missing,
    "partly_read_tables": _name_partly_read,
}
