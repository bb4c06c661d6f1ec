"""Single-valued navigation properties: the names by which lookups are written and expanded (portal-apis 6.5).

Facts
    * A lookup with one target is navigated by its own name; one with several by name and target:
      `parentcustomerid_account`. Owners are the exception: `ownerid` for users and teams alike.
    * Names are case-sensitive. Custom columns go by their schema name; the world's schema names are the logical ones.

Where it is used: `emulator.dataverse.query`, `emulator.dataverse.rows`, `emulator.dataverse.payload`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dynsync_lib.emulator.dataverse.columns import Column, columns_of
from dynsync_lib.emulator.dataverse.names import BY_LOGICAL, Entity
from dynsync_lib.emulator.store.records import Store


@dataclass(frozen=True, slots=True)
class Navigation:
    """One navigation property: its name, the lookup column behind it, and the table it leads to."""

    name: str
    column: Column
    target: Entity


def navigation_name(column: Column, target: str) -> str:
    """The name of the navigation property of a lookup, for one of the tables that it may point to (logical name)."""
    is_single = len(column.targets) == 1 or column.type.has_one_navigation
    return column.logical if is_single else f"{column.logical}_{target}"


def navigations(store: Store, entity: Entity) -> Iterator[Navigation]:
    """Every navigation of a table that leads to a table the emulator has."""
    for column in columns_of(store, entity).values():
        for target in column.targets:
            if target in BY_LOGICAL:
                yield Navigation(navigation_name(column, target), column, BY_LOGICAL[target])


def find_navigation(store: Store, entity: Entity, name: str) -> Navigation | None:
    """The navigation of that name; None when there is none."""
    return next((navigation for navigation in navigations(store, entity) if navigation.name == name), None)
