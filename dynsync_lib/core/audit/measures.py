"""What audit rules begin with: the outcomes of one side, and the changes that land in HubSpot.

Facts
    * A measure describes what it counts, as a `core.counting.Count`; `core.audit.findings` computes all of them
      together. Its answer is None where the snapshot lacks what the rule looks at: the finding is then `not_checked`.

Where it is used: `core.audit.findings` and the modules of audit rules that it brings together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dynsync_lib.core import frames as nw
from dynsync_lib.core.counting import Count, Question, Tables, records_in, rows_with
from dynsync_lib.core.frames import Frame
from dynsync_lib.core.job import Job
from dynsync_lib.core.model import Object, System
from dynsync_lib.core.situation import Situation
from dynsync_lib.core.tables import HELD_BACK, record_table

Measure = Callable[[Situation, Tables], Count]
"""What an audit rule counts in a situation and its forecast: the question, not yet the number."""
Measures = Mapping[str, Measure]
"""By the name that rules/checks.toml asks for it with."""


def of_object(object_: Object, counts: Callable[[Job, Tables], Count]) -> Measure:
    """The measure that asks what `counts` says of one object's sync."""
    return lambda situation, tables: counts(Job(situation, object_), tables)


def outcomes_of(tables: Tables, object_: Object, system: System) -> Frame:
    """The outcomes of the records of one side; leads are contacts in HubSpot."""
    return tables["outcomes"].filter(
        (nw.col("system") == system.value) & (nw.col("object") == named_in_outcomes(object_, system))
    )


def with_outcome(tables: Tables, object_: Object, system: System, *outcomes: str) -> Frame:
    """id of the records of one side that have one of the outcomes; leads are contacts in HubSpot."""
    having = outcomes_of(tables, object_, system).filter(nw.col("outcome").is_in(outcomes))
    return having.select(id="record_id")


def number_with(object_: Object, system: System, **where: str | tuple[str, ...]) -> Question[int]:
    """The question how many rows of `outcomes` of one side have these values; computes nothing by itself.

    Each keyword is a column of `outcomes` with its text, or with a tuple of texts of which any will do. Leads are
    contacts in HubSpot.
    """
    return rows_with("outcomes", system=system.value, object=named_in_outcomes(object_, system), **where)


def landing_in_hubspot(changes: Frame, *objects: Object) -> Frame:
    """The changes of these objects that land in HubSpot, without those that a note leaves out."""
    lands = ~nw.col("note").is_in(list(HELD_BACK)).fill_null(value=False)
    is_theirs = nw.col("object").is_in([object_.value for object_ in objects])
    return changes.filter(is_theirs & (nw.col("target_system") == System.HUBSPOT.value) & lands)


def pairs_in(pairs: Frame, object_: Object, detail: nw.Expr | None = None) -> Question[int]:
    """How many pairs a frame with `hubspot_id` and `dynamics_id` has; each is listed as its Dynamics record."""
    ids = {"record_id": nw.col("dynamics_id"), "counterpart_id": nw.col("hubspot_id")}
    return records_in(pairs, system=System.DYNAMICS, object=object_, detail=detail, **ids)


def records_of_side(records: Frame, object_: Object, system: System, detail: nw.Expr | None = None) -> Question[int]:
    """How many records of one side a frame with `id` has; leads are contacts in HubSpot."""
    name = named_in_outcomes(object_, system)
    return records_in(records, system=system, object=name, record_id=nw.col("id"), detail=detail)


def named_in_outcomes(object_: Object, system: System) -> str:
    """The object as outcomes name it."""
    return str(record_table(object_, system).object)
