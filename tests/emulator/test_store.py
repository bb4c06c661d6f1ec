"""The store under several threads, and what SQL may call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from dynsync_lib.emulator.store.database import has_token
from dynsync_lib.emulator.store.records import Store
from tests.emulator.small_world import small_world


def _add_column(store: Store) -> None:
    with store.change():
        store.ensure_columns("hubspot/contacts", ["run"])
        store.index_unique({"object": "contact", "name": "run", "unique": "true"})
    with store.change():
        store.update("hubspot/contacts", "101", {"run": "1"}, at_s=0.0)


def test_reseed__lets_a_thread_add_a_column_again_that_it_added_before() -> None:
    store = Store(small_world())
    with ThreadPoolExecutor(1) as thread:
        for _ in range(2):
            thread.submit(_add_column, store).result()
            assert "run" in store.columns("hubspot/contacts")
            store.reseed()
            assert "run" not in store.columns("hubspot/contacts")
    store.close()


def test_reseed__reads_the_world_again_only_after_a_write() -> None:
    class Tables(dict[str, Any]):
        reads = 0

        def items(self) -> Any:
            self.reads += 1
            return super().items()

    world = small_world()
    tables = Tables(world.tables)
    store = Store(replace(world, tables=tables))
    assert store.find_id("hubspot/contacts", "101") is not None
    store.reseed()
    assert tables.reads == 1
    version = store.version
    with store.change():
        store.update("hubspot/contacts", "101", {"firstname": "Eve"}, at_s=0.0)
    store.reseed()
    assert tables.reads == 2
    assert store.version == version
    store.close()


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("maria", True),
        ("m*a", True),
        ("*a*a*", True),
        ("m*m*a", False),
        ("mar*ria", False),
        ("maria*", True),
        ("*maria*maria*", False),
        ("*", True),
        ("***", True),
        ("", False),
        ("!?", False),
    ],
)
def test_tokens__with_stars(pattern: str, fits: bool) -> None:  # noqa: FBT001 - an expected value
    assert has_token("Mar\u00eda", pattern) is fits


def test_tokens__of_a_long_pattern_cost_no_more_than_its_length() -> None:
    assert has_token("a" * 20_000, "*a" * 1_000 + "*b") is False
