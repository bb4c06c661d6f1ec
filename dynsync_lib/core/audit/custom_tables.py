"""The audit rule about custom tables of Dynamics, as far as the metadata of the five objects shows them.

Facts
    * A custom table has a prefix in its name (`new_region`); lookups name the tables that they point to.
    * Data Sync can sync custom tables of Dynamics and keeps none of their associations (1.6, 6.8; F5).
    * Tables with a prefix that begins with `ms`, or `adx`, come with Microsoft's own apps and are nobody's plan.

Not modelled
    * Custom tables to which no column of the objects that are on points.

Source: rule record.further-objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from dynsync_lib.core.audit.measures import Measures
from dynsync_lib.core.counting import Count, Question, Tables, known, known_rows
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.sync.flowing_mappings import objects_on

_CUSTOM: Final = re.compile(r"(?!ms[a-z]*_|adx_)[a-z][a-z0-9]+_\w+")


def count_custom_tables(situation: Situation, tables: Tables) -> Count:
    """Custom tables that lookups of objects that are on point to; None when Dynamics' columns were not delivered."""
    del tables
    is_undescribed = situation.catalogue.standard.get(System.DYNAMICS, False)
    if is_undescribed:
        return known(None)
    lookups = _lookups_by_table(situation)
    rows = [{"system": "dynamics", "detail": f"{table}: {', '.join(lookups[table])}"} for table in sorted(lookups)]
    return known_rows(situation, rows)


def name_custom_tables(situation: Situation, tables: Tables) -> Question[str]:
    """`new_region (contact new_regionid, company new_regionid)`."""
    del tables
    lookups = _lookups_by_table(situation)
    return known(", ".join(f"{table} ({', '.join(lookups[table])})" for table in sorted(lookups)))


def _lookups_by_table(situation: Situation) -> dict[str, list[str]]:
    """Object and name of the lookups that point to each custom table."""
    lookups: dict[str, list[str]] = {}
    for object_ in objects_on(situation):
        for name in situation.catalogue.names(System.DYNAMICS, object_):
            field = situation.catalogue.find(System.DYNAMICS, object_, name)
            for target in field.targets if field is not None else ():
                if _CUSTOM.fullmatch(target):
                    lookups.setdefault(target, []).append(f"{object_} {name}")
    return lookups


MEASURES: Final[Measures] = {"custom_tables": count_custom_tables}
NAMES: Final[Mapping[str, Callable[[Situation, Tables], Question[str]]]] = {"custom_tables": name_custom_tables}
