"""Who owns a record: HubSpot's owners and Dynamics's users, brought together by e-mail address.

Facts
    * Addresses are compared as `lower_trim` keys. Teams have none, and who has none equals nobody (5.17, 5.18).
    * Of several owners (users) of one address the first by `api_rank`, then id, who is not archived (disabled).
    * With `owner_mode = text_only` a Dynamics owner becomes the user's full name in HubSpot (K3).

Not modelled
    * HubSpot teams and secondary owners; which records a user may own.

Source: rule field.owner-by-email.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core import typed_values
from dynsync_lib.core.fields.mappings import JudgedMapping
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.matching.first_records import first_of_each
from dynsync_lib.core.model import System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import Column

_TABLE: Final = {System.HUBSPOT: "hubspot/owners", System.DYNAMICS: "dynamics/users"}
_GONE: Final = {System.HUBSPOT: "archived", System.DYNAMICS: "isdisabled"}
_NAME: Final = "fullname"
_NEEDED: Final = ("id", "api_rank", "email_key", *_GONE.values(), _NAME)


def is_owner_pair(judged: JudgedMapping) -> bool:
    """Whether the mapping carries an owner, into an owner or into text."""
    return "owner" in judged.kinds.values()


def address_of(column: str) -> str:
    """Where `with_owners` puts the address of the owner that a column of the wide table names."""
    return f"owner's address {column}"


def partner_of(column: str) -> str:
    """Where `with_owners` puts the id of that owner's partner in the other system."""
    return f"owner's partner {column}"


def name_of(column: str) -> str:
    """Where `with_owners` puts that owner's full name."""
    return f"owner's name {column}"


def with_owners(situation: Situation, frame: Frame, columns: Iterable[tuple[System, str, nw.Expr]]) -> Frame:
    """The frame with address, partner and name of owners beside it.

    `columns` are system, name of the column in the frame, and the owner's id as an expression; null for a team.
    """
    for system, column, owner_id in columns:
        known = directory(situation, system).select(
            nw.col("id").alias("owner's id"),
            nw.col("address").alias(address_of(column)),
            nw.col("partner_id").alias(partner_of(column)),
            nw.col("name").alias(name_of(column)),
        )
        asked = f"owner asked {column}"
        frame = frame.with_columns(owner_id.alias(asked))
        frame = frame.join(known, left_on=asked, right_on="owner's id", how="left")
    return frame


def directory(situation: Situation, system: System) -> Frame:
    """The owners (users) of one system: id, address, partner_id (who has the address on the other side), name."""
    return situation.remember(("owners", system.value), lambda: _directory(situation, system))


def _directory(situation: Situation, system: System) -> Frame:
    people = _people(situation, system).select("id", "address", "name")
    partners = _first_in_use(_people(situation, system.other)).select("address", partner_id="id")
    joined = people.join(partners, on="address", how="left").select("id", "address", "partner_id", "name")
    return situation.keep(joined, f"{system}_owners")


def _people(situation: Situation, system: System) -> Frame:
    """id, api_rank, address, name, gone (archived or disabled) of everybody."""
    table = situation.tables.get(_TABLE[system])
    if table is None:
        table = situation.from_rows([], [Column(name, "text", "") for name in _NEEDED])
    delivered: Sequence[str] = table.collect_schema().names()
    blank, gone = typed_values.no_text(), _GONE[system]
    return table.select(
        "id",
        api_rank=nw.col("api_rank").cast(nw.Int64),
        address=nw.col("email_key"),
        name=typed_values.trimmed(nw.col(_NAME)) if _NAME in delivered else blank,
        gone=_is_true(gone) if gone in delivered else nw.lit(value=False),
    )


def _is_true(column: str) -> nw.Expr:
    return (typed_values.truth(typed_values.trimmed(nw.col(column))) == "true").fill_null(value=False)


def _first_in_use(people: Frame) -> Frame:
    """Of everybody who is not gone, the first of each address."""
    there = people.filter(~nw.col("gone") & ~nw.col("address").is_null())
    earliest = first_of_each(there, ["address"], "api_rank")
    return earliest.group_by("address").agg(nw.col("id").min())
