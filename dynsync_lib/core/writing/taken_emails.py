"""Addresses that are taken: why a person who is to be created is refused although the record itself is in order.

Facts
    * HubSpot keeps an address once, over primary and additional ones, without regard to case, and answers 409 to a
      second (2.16, 9.14).
    * Of several new persons with one address the first in turn is created, the others are refused: contacts before
      leads, then by rank. Who fails for another reason takes no address away.
    * Dynamics refuses a second active record of an address only where its duplicate rules are asked (9.7).

Not modelled
    * Duplicate rules of an environment other than the shipped one by e-mail address.
    * What a mapping of another column writes to `email`: the match address counts.
    * Writes over the address of a matched contact: whether the holder gives it up in the same run nobody says;
      `core.audit.address_checks` counts them.

Source: rules contact.email-conflict, record.duplicate-rules; docs/semantics.md steps 7 and 7a.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.conditions import rows_where
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.matching.first_records import Facts, first_of_each
from dynsync_lib.core.matching.sides import ranked
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation, one_row_each, stack
from dynsync_lib.core.tables import record_table
from dynsync_lib.core.typed_values import no_text
from dynsync_lib.core.writing.refusals import NUMBER_OF

_CONFLICT: Final = NUMBER_OF["contact.email-conflict"]
_BEHIND_PRIMARY: Final = 2**40
"""Added to the rank of an additional address, so that it comes behind every primary one."""


@dataclass(frozen=True, slots=True)
class EarlierPersons:
    """The persons that come before those of a sync in turn: contacts before leads. `Facts` without rows: nobody.

    `held`, by address: that a contact of Dynamics which is created holds it. `landing`, by key: contact_id of leads
    that need no address of their own, since they land in the new contact of their key.
    """

    held: Facts
    landing: Facts


def nobody_earlier(job: Job) -> EarlierPersons:
    """What contacts know of those before them."""
    return EarlierPersons(Facts((*job.by, "address")), Facts((*job.by, "key")))


def conflicts_of_creates(job: Job, system: System, creates: Frame, earlier: EarlierPersons) -> Frame:
    """id, refusal (index in REFUSALS), counterpart_id of those new persons whose address is taken, one row each.

    `creates` has id, rank, key and fails (another refusal applies: who fails holds no address) of the records of
    `system` that are to be created on the other side. The counterpart is the record that has the address; null when it
    is another new one.
    """
    columns = [*job.by, "id"]
    addresses = job.records(system).select(*columns, address="email_key").filter(~nw.col("address").is_null())
    if system is System.HUBSPOT:
        asked = creates.select(*columns, "rank").join(addresses, on=columns)
        return conflicts_of_addresses(job, system, asked)
    waiting = earlier.landing.absent_from(creates)
    asked = waiting.select(*columns, "rank", "fails").join(addresses, on=columns)
    asked = job.keep(asked, f"{job.object}_addresses_asked")
    taken, free = _split_by_holder(job, asked)
    beside, waiting = _split_by_earlier(earlier, job.keep(free, f"{job.object}_addresses_free"))
    return stack([taken, *beside, _behind_first(job, waiting)])


def conflicts_of_addresses(job: Job, system: System, asked: Frame) -> Frame:
    """As `conflicts_of_creates`, of id, rank and address, where no two new persons of any sync share an address."""
    if system is System.HUBSPOT:
        return _taken_in_dynamics(job, rows_where(asked, job.chooses("dv_dup_rules", "true")))
    taken, _ = _split_by_holder(job, asked)
    return taken


def addresses_held(job: Job, created: Frame) -> Facts:
    """The addresses that new persons of Dynamics (by id) hold once they are created."""
    on, columns = (*job.by, "address"), [*job.by, "id"]
    addresses = job.records(System.DYNAMICS).select(*columns, address="email_key")
    held = addresses.filter(~nw.col("address").is_null()).join(created.select(*columns), on=columns, how="semi")
    return Facts(on, job.keep(held.select(*on).unique(), f"{job.object}_addresses_new"))


def _split_by_holder(job: Job, asked: Frame) -> tuple[Frame, Frame]:
    """The conflicts with contacts that HubSpot has, and those of the asked rows that have none."""
    on = [*job.by, "address"]
    wanted = asked.select(*on)
    holders = [holder.join(wanted, on=on, how="semi") for holder in _hubspot_holders(job.situation)]
    held = _first_holder(job.situation, job.keep(stack(holders), "address_holders"))
    held = job.keep(held, f"{job.object}_addresses_held")
    taken = asked.join(held, on=on).select(*job.by, "id", refusal=nw.lit(_CONFLICT), counterpart_id="holder_id")
    return taken, asked.join(held, on=on, how="anti")


def _split_by_earlier(earlier: EarlierPersons, free: Frame) -> tuple[list[Frame], Frame]:
    """The conflicts with new persons of another sync, in one frame or none, and the rows without one."""
    held = earlier.held.rows
    if held is None:
        return [], free
    beside = free.join(held, on=list(earlier.held.on), how="semi")
    return [_with_new_person(earlier.held.on[:-1], beside)], earlier.held.absent_from(free)


def _behind_first(job: Job, free: Frame) -> Frame:
    """The conflicts with the first new person of an address that does not fail otherwise."""
    on = [*job.by, "address"]
    first = first_of_each(free.filter(~nw.col("fails")), on, "rank").select(*on, first="rank")
    return _with_new_person(job.by, free.join(first, on=on).filter(nw.col("rank") > nw.col("first")))


def _with_new_person(by: tuple[str, ...], persons: Frame) -> Frame:
    return persons.select(*by, "id", refusal=nw.lit(_CONFLICT), counterpart_id=no_text())


def _hubspot_holders(situation: Situation) -> Iterator[Frame]:
    """address, turn, holder_id of every address that HubSpot's contacts have; the first holder has the lowest turn:
    primary addresses before additional ones, then by rank.
    """
    contacts = ranked(situation, record_table(Object.CONTACT, System.HUBSPOT))
    columns = [*situation.by, "address", "turn", "holder_id"]
    primary = contacts.select(*situation.by, address="email_key", turn="rank", holder_id="id")
    yield primary.filter(~nw.col("address").is_null()).select(*columns)
    turn = nw.col("rank") + nw.lit(_BEHIND_PRIMARY)
    listed = contacts.select(*situation.by, address="secondary_email_keys", turn=turn, holder_id="id")
    yield one_row_each(listed, "address").select(*columns)


def _first_holder(situation: Situation, held: Frame) -> Frame:
    """address, holder_id: the first of each address; of a contact that lists an address twice one row."""
    on = [*situation.by, "address"]
    earliest = first_of_each(held, on, "turn")
    return earliest.group_by(*on).agg(holder_id=nw.col("holder_id").min())


def _taken_in_dynamics(job: Job, asked: Frame) -> Frame:
    on, number = [*job.by, "address"], nw.lit(NUMBER_OF["record.duplicate-rules"])
    records = ranked(job.situation, job.table(System.DYNAMICS))
    active = records.filter(~job.inactive() & ~nw.col("email_key").is_null())
    columns = {"address": "email_key", "turn": "rank", "holder_id": "id"}
    held = _first_holder(job.situation, active.select(*job.by, **columns))
    return asked.join(held, on=on).select(*job.by, "id", refusal=number, counterpart_id="holder_id")
