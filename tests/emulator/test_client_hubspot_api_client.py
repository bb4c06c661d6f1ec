"""hubspot-api-client, HubSpot's own library, tried operation by operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.emulator.client_operations import Operation, each_operation, try_operation, untried
from tests.emulator.small_world import small_world

CLIENT: Final = "hubspot-api-client"


def _get_all(kind: str) -> Callable[[Any], None]:
    def read(crm: Any) -> None:
        ids = [row["hs_object_id"] for row in small_world().tables[f"hubspot/{kind}"]]
        assert [record.id for record in getattr(crm, kind).get_all()] == ids

    return read


TRIES: Final[Mapping[str, Callable[[Any], None]]] = {
    "crm.contacts.get_all": _get_all("contacts"),
    "crm.companies.get_all": _get_all("companies"),
}


def test_every_operation_is_tried() -> None:
    assert untried(CLIENT, TRIES) == set()


@each_operation(CLIENT)
def test_operation(row: Operation, library: Any) -> None:
    try_operation(row, lambda: TRIES[row.operation](library))
