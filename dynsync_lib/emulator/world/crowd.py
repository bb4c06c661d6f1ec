"""The crowd around the planted cases: invented people and companies of both portals, in an order mixed with the cases.

Facts
    * Records of the crowd have keys that no planted case has; some share a key, as in every CRM.
    * Planted cases are made between the people of the crowd, so that the API delivers them on different pages.

Where it is used: `emulator.world.demo_world`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from dynsync_lib.emulator.world.crowd_companies import add_firms
from dynsync_lib.emulator.world.crowd_people import people_steps
from dynsync_lib.emulator.world.crowd_trade import (
    add_deals,
    add_invoices,
    add_leads,
    add_opportunities,
    choose_primary_contacts,
)
from dynsync_lib.emulator.world.planted_cases import count_planted, plant_case, written_cases
from dynsync_lib.emulator.world.record_maker import Maker
from dynsync_lib.emulator.world.truth import Case

SIZES: Final[Mapping[str, int]] = {
    "hubspot/contacts": 1_200,
    "hubspot/companies": 260,
    "hubspot/deals": 120,
    "hubspot/owners": 12,
    "dynamics/contacts": 1_500,
    "dynamics/accounts": 340,
    "dynamics/leads": 180,
    "dynamics/opportunities": 120,
    "dynamics/invoices": 150,
    "dynamics/users": 12,
}
"""Records of each table at scale 1, planted ones counted."""
_STAFF: Final = ("hubspot/owners", "dynamics/users")


def fill_tables(maker: Maker, *, scale: float) -> tuple[Case, ...]:
    """Fills every table to its size times `scale`, at least with the planted cases; gives the cases in the order of
    their numbers."""
    wanted = _wanted(scale)
    _add_staff(maker, wanted["hubspot/owners"])
    firms = add_firms(maker, hubspot=wanted["hubspot/companies"], dynamics=wanted["dynamics/accounts"])
    people = people_steps(maker, firms, hubspot=wanted["hubspot/contacts"], dynamics=wanted["dynamics/contacts"])
    cases: list[Case] = []
    _run_mixed(maker, [*people, *(partial(_plant, maker, written, cases) for written in written_cases())])
    choose_primary_contacts(maker)
    add_leads(maker, leads=wanted["dynamics/leads"])
    add_deals(maker, firms, deals=wanted["hubspot/deals"])
    add_opportunities(maker, firms, opportunities=wanted["dynamics/opportunities"])
    add_invoices(maker, firms, invoices=wanted["dynamics/invoices"])
    return tuple(sorted(cases, key=lambda case: int(case.id[1:])))


def _wanted(scale: float) -> dict[str, int]:
    """The number of crowd records that each table needs. Owners and users do not grow with the scale."""
    planted = count_planted()
    sizes = {name: size if name in _STAFF else round(size * scale) for name, size in SIZES.items()}
    return {name: max(size - planted[name], 0) for name, size in sizes.items()}


def _run_mixed(maker: Maker, steps: Iterable[Callable[[], None]]) -> None:
    mixed = list(steps)
    maker.chance.shuffle(mixed)
    for step in mixed:
        step()


def _plant(maker: Maker, written: Mapping[str, Any], cases: list[Case]) -> None:
    cases.append(plant_case(maker, written))


def _add_staff(maker: Maker, count: int) -> None:
    """Adds the company's own staff, who own records in both systems."""
    for number in range(count):
        name = maker.name()
        address = f"{name.slug}{number}@contoso.example"
        owner = {"email": address, "firstName": name.first, "lastName": name.last, "archived": "false"}
        maker.add("hubspot/owners", owner)
        user = {"fullname": f"{name.first} {name.last}", "internalemailaddress": address, "isdisabled": "false"}
        maker.add("dynamics/users", {**user, "domainname": address})
