"""Components in which another order of first records puts some record before another than the settings do.

Facts
    * Ranks are only ever compared between records of one side and component: where an order leaves each side of a
      component as it is, nothing in it is decided otherwise.
    * Records that an order takes for equal stand in the order of the API (2.12).

Source: rule record.first-order; the assumption first_record_order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.matching.sides import with_turn
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.sensitivity.components import side_name
from dynsync_lib.core.situation import Situation, stack
from dynsync_lib.core.tables import RecordTable, record_table

_SETTLED: Final = "settled_turn"
"""The turn of a record in the order that the settings have."""


def reordered_components(
    situation: Situation, objects: Sequence[Object], orders: Mapping[str, str], members: Frame
) -> Frame:
    """One row per component that an order changes: component, and a flag for each order by the name that it has.

    `orders` are choices of `first_record_order`; `members` has component, side, id. Computes nothing yet.
    """
    sides = [(object_, system) for object_ in objects for system in System]
    parts = [
        _out_of_turn(situation, record_table(object_, system), orders, _of_side(members, object_, system))
        for object_, system in sides
        if not situation.is_empty(object_, system)
    ]
    changed = {name: nw.col(name).cast(nw.Int64).max() > 0 for name in orders}
    components = stack(parts).group_by("component").agg(**changed)
    return components.filter(nw.any_horizontal(*orders, ignore_nulls=False))


def _of_side(members: Frame, object_: Object, system: System) -> Frame:
    return members.filter(nw.col("side") == side_name(object_, system)).select("component", "id")


def _out_of_turn(situation: Situation, table: RecordTable, orders: Mapping[str, str], members: Frame) -> Frame:
    """One row per record of one side: component, and for each order whether it puts the record before the one that
    the settings have before it.
    """
    records = situation.tables[table.name].join(members, on="id")
    turns = {_SETTLED: situation.chosen("first_record_order"), **orders}
    for name, order in turns.items():
        sorted_by = with_turn(situation, records, table, order, name)
        records = sorted_by if sorted_by is not None else records.with_columns(**{name: nw.col("api_rank")})
    records = records.select("component", "api_rank", *turns)
    return records.select("component", **{name: _is_before_its_predecessor(name) for name in orders})


def _is_before_its_predecessor(order: str) -> nw.Expr:
    """Whether a record goes, in this order, before the one that the settings have before it in its component."""
    last_turn, last_rank = (
        nw.col(name).shift(1).over("component", order_by=[_SETTLED, "api_rank"]) for name in (order, "api_rank")
    )
    is_sooner = nw.col(order) < last_turn
    is_sooner_by_rank = (nw.col(order) == last_turn) & (nw.col("api_rank") < last_rank)
    has_predecessor = ~last_rank.is_null()
    return has_predecessor & (is_sooner | is_sooner_by_rank).fill_null(value=True)
