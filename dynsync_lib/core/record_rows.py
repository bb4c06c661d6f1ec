"""One form for the records behind any number: which record of which system, its counterpart, and what to know of it.

Facts
    * Every row says `system`, `object` (HubSpot's leads are contacts), `record_id`, `counterpart_id`, `detail`; all are
      text. What is no record, such as a mapping or a filter, has no `record_id`, and its `detail` names it.
    * `detail` names fields, ids, outcomes and reasons and never a value or key of a record, so that a list of records
      can be handed on without people in it.

Where it is used: `core.counting`, `core.audit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, TypedDict, Unpack

from dynsync_lib.core import frames as nw
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import AGREEMENTS, Column
from dynsync_lib.core.typed_values import no_text

Cell: TypeAlias = "nw.Expr | str | None"
"""What stands in one column of all rows: an expression over the frame at hand, a text, or nothing."""
COLUMNS: Final = ("system", "object", "record_id", "counterpart_id", "detail")
RECORD_KEY: Final = ("system", "object", "record_id")
ROW_COLUMNS: Final = tuple(Column(name, "text", "") for name in COLUMNS)


class Cells(TypedDict, total=False):
    """What stands in each column; one that is left out is null."""

    system: Cell
    object: Cell
    record_id: Cell
    counterpart_id: Cell
    detail: Cell


def record_rows(frame: Frame, **cells: Unpack[Cells]) -> Frame:
    """The rows of a frame in the form of `COLUMNS`, in the frame's order. Describes only."""
    named: Mapping[str, Any] = cells
    return frame.select(**{name: _expression(named.get(name)) for name in COLUMNS})


def rows_of_table(name: str, frame: Frame) -> Frame:
    """Rows of one of the forecast's tables (`outcomes`, `changes`, `links`, `collisions`, `near_names`, `mapping`)."""
    return record_rows(frame, **_CELLS[name]())


def _expression(cell: Cell) -> nw.Expr:
    if cell is None:
        return no_text()
    return nw.lit(str(cell)) if isinstance(cell, str) else cell


def text_of(*parts: nw.Expr | str, separator: str = "") -> nw.Expr:
    """The parts one after the other; null when one of them is."""
    return nw.concat_str(*map(_expression, parts), separator=separator)


def listed(*parts: nw.Expr, separator: str = "; ") -> nw.Expr:
    """The parts that are not null, one after the other."""
    return nw.concat_str(*parts, separator=separator, ignore_nulls=True)


def _agreements(kinds: nw.Expr) -> nw.Expr:
    """What a pair of near names agrees in besides, in words."""
    for kind, words in AGREEMENTS.items():
        kinds = kinds.str.replace_all(kind, words, literal=True)
    return kinds.str.replace_all(";", ", ", literal=True)


def _outcome_cells() -> Cells:
    owner = text_of("its key belongs to ", nw.col("winner_id"))
    return {
        "system": nw.col("system"),
        "object": nw.col("object"),
        "record_id": nw.col("record_id"),
        "counterpart_id": nw.col("counterpart_id"),
        "detail": listed(nw.col("outcome"), nw.col("reason"), owner),
    }


def _change_cells() -> Cells:
    """A change of a lead in HubSpot is one of a contact."""
    is_in_hubspot = nw.col("target_system") == System.HUBSPOT.value
    is_hubspots_lead = is_in_hubspot & (nw.col("object") == Object.LEAD.value)
    return {
        "system": nw.col("target_system"),
        "object": nw.when(is_hubspots_lead).then(nw.lit(Object.CONTACT.value)).otherwise(nw.col("object")),
        "record_id": nw.when(is_in_hubspot).then(nw.col("hubspot_id")).otherwise(nw.col("dynamics_id")),
        "counterpart_id": nw.when(is_in_hubspot).then(nw.col("dynamics_id")).otherwise(nw.col("hubspot_id")),
        "detail": listed(text_of(nw.col("kind"), " ", nw.col("target_field")), nw.col("note")),
    }


def _link_cells() -> Cells:
    return {
        "system": nw.col("from_system"),
        "object": nw.col("from_object"),
        "record_id": nw.col("from_id"),
        "detail": text_of("to ", nw.col("to_object"), " ", nw.col("to_id"), ": ", nw.col("status")),
    }


def _collision_cells() -> Cells:
    position = text_of("number ", nw.col("position").cast(nw.String), " of its key")
    fields = text_of("differs in ", nw.col("differs_in").str.replace_all(";", ", "))
    return {
        "system": nw.col("system"),
        "object": nw.col("object"),
        "record_id": nw.col("record_id"),
        "detail": listed(position, fields),
    }


def _near_name_cells() -> Cells:
    corroboration = text_of("also equal: ", _agreements(nw.col("corroboration")))
    return {
        "system": System.DYNAMICS.value,
        "object": Object.COMPANY.value,
        "record_id": nw.col("dynamics_id"),
        "counterpart_id": nw.col("hubspot_id"),
        "detail": listed(nw.col("reason"), corroboration),
    }


def _mapping_cells() -> Cells:
    fields = text_of(nw.col("hubspot_field"), " and ", nw.col("dynamics_field"), ": ", nw.col("verdict"))
    return {"system": None, "object": nw.col("object"), "detail": fields}


_CELLS: Final[Mapping[str, Callable[[], Cells]]] = {
    "outcomes": _outcome_cells,
    "changes": _change_cells,
    "links": _link_cells,
    "collisions": _collision_cells,
    "near_names": _near_name_cells,
    "mapping": _mapping_cells,
}
"""What stands in the columns for a row of each table."""
