"""Writes many HubSpot records in one call: create, update, upsert, archive (portal-apis 2.4).

Facts
    * 100 inputs at most. One bad input fails the whole batch, unless every input has an `objectWriteTraceId`: then the
      answer is 207, the good ones are done, and each error names its trace id.
    * Two inputs of one record, and an `idProperty` whose values are not unique, refuse the whole batch, traced or not
      (recorded by clients). Updates by the id of the record name no `idProperty`; upserts must name one.
    * An update of an id that is not there is an error of its own: 207 and OBJECT_NOT_FOUND.
    * The specification of 2026-09 knows only 200, with the same body.

Where it is used: `emulator.hubspot.routes`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.emulator.calls import Call, Refusal, Reply, json_reply
from dynsync_lib.emulator.hubspot.bodies import lacking, read_inputs, refuse_too_many
from dynsync_lib.emulator.hubspot.errors import hubspot_error, invalid
from dynsync_lib.emulator.hubspot.record_writes import RecordWriter
from dynsync_lib.emulator.hubspot.records import MOST_PER_BATCH, record_json, select_records, shape_of, unique_names
from dynsync_lib.emulator.times import iso_ms

Input = Mapping[str, Any]
_TRACE: Final = "objectWriteTraceId"
_KEPT: Final = ("status", "category", "message", "errors", "context")


@dataclass(slots=True)
class Outcome:
    """The results of a batch: `done` has id, trace id and whether the record is new; `missing` are unknown ids."""

    done: list[tuple[str, str | None, bool]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def create_batch(writer: RecordWriter) -> Reply:
    """`POST .../batch/create`: 201, or 207 with errors."""
    outcome = _run(writer, read_batch_inputs(writer.call), lambda item: (writer.create(item), True))
    return _reply(writer, outcome, status=201)


def update_batch(writer: RecordWriter) -> Reply:
    """`POST .../batch/update`: 200, or 207 with errors."""
    inputs = read_batch_inputs(writer.call, need_id=True)
    _refuse_names(writer, inputs)
    return _reply(writer, _run(writer, inputs, lambda item: _update(writer, item)))


def upsert_batch(writer: RecordWriter) -> Reply:
    """`POST .../batch/upsert`: 200, or 207 with errors; each result says whether it is new."""
    inputs = read_batch_inputs(writer.call, need_id=True)
    if any(not item.get("idProperty") for item in inputs):
        raise lacking(writer.call, "idProperty")
    _refuse_names(writer, inputs)
    return _reply(writer, _run(writer, inputs, lambda item: _upsert(writer, item)), tells_new=True)


def archive_batch(writer: RecordWriter) -> Reply:
    """`POST .../batch/archive`: 204, whether the records were there or not."""
    with writer.store.change():
        for item in read_batch_inputs(writer.call, need_id=True):
            stored = writer.find(str(item["id"]))
            if stored is not None:
                writer.archive(stored)
    return Reply(204, b"")


def read_batch_inputs(call: Call, *, need_id: bool = False) -> Sequence[Input]:
    """The inputs of a batch. Raises Refusal 400 when there are none, too many, or one has no id that needs one."""
    inputs = read_inputs(call, with_ids=need_id)
    refuse_too_many(call, inputs, most=MOST_PER_BATCH)
    return inputs


def batch_answer(call: Call, results: Sequence[Any], errors: Sequence[Any], *, status: int) -> Reply:
    """The answer to a batch in the form that all batches share; 207 instead of `status` when there are errors."""
    moment = iso_ms(call.at_s)
    answer: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": moment, "completedAt": moment}
    if errors:
        answer |= {"numErrors": len(errors), "errors": errors}
    is_dated = "/2026-09/" in call.path
    return json_reply(answer, status=(200 if is_dated else 207) if errors else status)


def _refuse_names(writer: RecordWriter, inputs: Sequence[Input]) -> None:
    """Raises Refusal 400 when inputs name records by a property that is not unique, or two of them one record."""
    for id_property in dict.fromkeys(item.get("idProperty") for item in inputs):
        if id_property and str(id_property) not in unique_names(writer.store, writer.kind):
            what = f"non-unique {writer.kind.type_id} property {id_property} in portal ID {writer.portal_id}"
            raise invalid(writer.call, f"Unable to perform update/upsert by {what}")
    names = [_record_name(writer, item) for item in inputs]
    again = [str(item["id"]) for index, item in enumerate(inputs) if names[index] in names[:index]]
    if again:
        twice = list(dict.fromkeys(again))
        message = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise Refusal(hubspot_error(writer.call, 400, message, context={"ids": twice}, category="VALIDATION_ERROR"))


def _record_name(writer: RecordWriter, item: Input) -> tuple[str, ...]:
    """The id of the record that an input names; of one that is not there, the property and the value."""
    stored = writer.find(str(item["id"]), item.get("idProperty"))
    return (stored.id,) if stored is not None else (str(item.get("idProperty")), str(item["id"]).casefold())


def _run(writer: RecordWriter, inputs: Sequence[Input], step: Callable[[Input], tuple[str, bool] | None]) -> Outcome:
    outcome = Outcome()
    keeps_going = bool(inputs) and all(item.get(_TRACE) for item in inputs)
    with writer.store.change():
        for item in inputs:
            try:
                with writer.store.change():
                    _note(outcome, item, step(item))
            except Refusal as refusal:
                if not keeps_going:
                    raise
                outcome.errors.append(_error(refusal.reply, item))
    return outcome


def _note(outcome: Outcome, item: Input, done: tuple[str, bool] | None) -> None:
    if done is None:
        outcome.missing.append(str(item["id"]))
    else:
        outcome.done.append((done[0], item.get(_TRACE), done[1]))


def _update(writer: RecordWriter, item: Input) -> tuple[str, bool] | None:
    stored = writer.find(str(item["id"]), item.get("idProperty"))
    if stored is None:
        return None
    writer.update(stored, item.get("properties"))
    return stored.id, False


def _upsert(writer: RecordWriter, item: Input) -> tuple[str, bool]:
    stored = writer.find(str(item["id"]), item.get("idProperty"))
    if stored is not None:
        writer.update(stored, item.get("properties"))
        return stored.id, False
    writer.read(item.get("properties"), purpose="create")
    return writer.create({"properties": {item["idProperty"]: item["id"], **item["properties"]}}), True


def _error(reply: Reply, item: Input) -> dict[str, Any]:
    error = json.loads(reply.body)
    kept = {name: error[name] for name in _KEPT if name in error}
    return {**kept, "context": {**kept.get("context", {}), _TRACE: [str(item[_TRACE])]}}


def _reply(writer: RecordWriter, outcome: Outcome, *, status: int = 200, tells_new: bool = False) -> Reply:
    shape = shape_of(writer.store, writer.kind, _written_properties(writer))
    results = []
    for id_, trace, is_new in outcome.done:
        row = select_records(writer.store, shape, '"@id" = ?', (id_,))[0]
        more = {**({_TRACE: trace} if trace else {}), **({"new": is_new} if tells_new else {})}
        results.append({**record_json(shape, row), **more})
    errors = [*outcome.errors, *([_missing(writer, outcome.missing)] if outcome.missing else [])]
    return batch_answer(writer.call, results, errors, status=status)


def _written_properties(writer: RecordWriter) -> list[str]:
    """What the answer shows: the usual properties and all that were written."""
    inputs = read_batch_inputs(writer.call)
    written = (name for item in inputs for name in (item.get("properties") or ()))
    return list(dict.fromkeys([*writer.kind.defaults, *written]))


def _missing(writer: RecordWriter, ids: Sequence[str]) -> dict[str, Any]:
    what = f"Could not get some {writer.kind.singular.upper()} objects, they may be deleted or not exist."
    error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": f"{what} Check that ids are valid."}
    return {**error, "context": {"ids": list(ids)}}
