"""The store under several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

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
