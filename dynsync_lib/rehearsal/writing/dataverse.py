"""Writes to a Dataverse test environment: rows in batches, with ids of the caller's choice, and text columns.

Facts
    * CreateMultiple and UpdateMultiple take 100 rows at a time; one refused row undoes all of them, so a refused batch
      is halved until the refused row stands alone (portal-apis 6.6).
    * A row may bring its own GUID: then creating it twice is refused, and nothing is there twice.
    * A state other than active cannot be set on creation; it is an update of its own, and whoever sets it sets it last:
      rows that are not active are read-only.
    * Rows are deleted by `$batch`; one that is not there any more counts as deleted.

Not modelled
    * Messages of their own for closing deals (WinOpportunity, LoseOpportunity); standard tables other than the five.

Where it is used: `rehearsal.writing.portal_pair` opens it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

from dynsync_lib.core.model import Object, System
from dynsync_lib.core.tables import RecordTable, record_table
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.portals.dataverse.reader import BASE_PATH, LOGICAL_NAMES, DataverseReader
from dynsync_lib.portals.http.caller import json_object
from dynsync_lib.rehearsal.writing.batch_requests import HEADERS, batch_text, statuses_of
from dynsync_lib.rehearsal.writing.batches import in_halves
from dynsync_lib.rehearsal.writing.caller import Write, WritingCaller, read_answer
from dynsync_lib.rehearsal.writing.row_bodies import SETS, Columns, body_text, row_body
from dynsync_lib.rehearsal.writing.written import Refusal, Rows, Written

_ACTIONS: Final = "Microsoft.Dynamics.CRM."
_EXISTS: Final = "0x80044153"
"""The code that says that a column of the name is there already."""
_GONE: Final = (httpx.codes.NOT_FOUND, httpx.codes.GONE)


class DataverseWriter:
    """Writes to one environment. Every method asks the gate first, and raises as `WritingCaller.send`.

    `reader` says which columns the tables have.
    """

    def __init__(self, caller: WritingCaller, reader: DataverseReader) -> None:
        self._caller, self._reader = caller, reader

    async def columns(self, object_: Object) -> Columns:
        """The columns of an object's table by logical name; the reader asks for them once."""
        rows, _ = await self._reader.read_columns(_table(object_), object_)
        return {str(row["name"]): row for row in rows}

    async def create(self, object_: Object, rows: Rows, *, more: bool = False) -> Written:
        """New rows with the values of `rows`, at most 100; a value of the id column becomes the row's id.

        `more` says that more of them follow at once.
        Raises AnswerLostError when nobody knows whether they were made.
        """
        columns = await self.columns(object_)
        targets = [{"@odata.type": _type(object_), **row_body(columns, values)} for values in rows.values()]
        response = await self._multiple(object_, "CreateMultiple", targets, repeatable=False, more=more)
        if response.is_success:
            ids = [str(id_).lower() for id_ in read_answer(response).get("Ids") or ()]
            if len(ids) != len(rows):
                raise UnexpectedReplyError(
                    f"Dynamics names {len(ids)} of {len(rows)} new rows.", next_step="Run the same command again."
                )
            return Written(dict(zip(rows, ids, strict=True)))
        if len(rows) == 1:
            return Written(refused=dict.fromkeys(rows, _refusal(response)))
        return await in_halves(rows, lambda half: self.create(object_, half))

    async def update(self, object_: Object, rows: Rows) -> Written:
        """Changed rows, at most 100: `rows` by id; None empties a column or a lookup."""
        columns, key = await self.columns(object_), _table(object_).id_field
        targets = [
            {"@odata.type": _type(object_), key: id_, **row_body(columns, values)} for id_, values in rows.items()
        ]
        response = await self._multiple(object_, "UpdateMultiple", targets, repeatable=True)
        if response.is_success:
            return Written({id_: id_ for id_ in rows})
        if len(rows) == 1:
            return Written(refused=dict.fromkeys(rows, _refusal(response)))
        return await in_halves(rows, lambda half: self.update(object_, half))

    async def delete(self, object_: Object, ids: Sequence[str]) -> list[str]:
        """Deletes rows, at most 100; gives the ids of those that were refused."""
        requests = [("DELETE", f"{BASE_PATH}{SETS[LOGICAL_NAMES[_table(object_).name]]}({id_})") for id_ in ids]
        response = await self._caller.send(
            Write("POST", f"{BASE_PATH}$batch", batch_text(requests), HEADERS, repeatable=True)
        )
        if not response.is_success:
            raise _refused_whole(response)
        statuses = statuses_of(response, len(ids))
        return [
            id_ for id_, status in zip(ids, statuses, strict=True) if status not in _GONE and not 200 <= status < 300
        ]

    async def create_column(self, object_: Object, definition: Mapping[str, Any]) -> bool:
        """Makes a column as the Web API describes one (AttributeMetadata); whether it is new.

        Raises UnexpectedReplyError when Dynamics refuses it.
        """
        path = f"{BASE_PATH}EntityDefinitions(LogicalName='{LOGICAL_NAMES[_table(object_).name]}')/Attributes"
        response = await self._caller.send(Write("POST", path, body_text(definition), repeatable=True))
        self._reader.forget_columns(_table(object_))
        if response.is_success:
            return True
        if _refusal(response).code.lower() == _EXISTS:
            return False
        raise _refused_whole(response)

    async def _multiple(
        self,
        object_: Object,
        action: str,
        targets: Sequence[Mapping[str, Any]],
        *,
        repeatable: bool,
        more: bool = False,
    ) -> httpx.Response:
        path = f"{BASE_PATH}{SETS[LOGICAL_NAMES[_table(object_).name]]}/{_ACTIONS}{action}"
        content = body_text({"Targets": targets})
        return await self._caller.send(Write("POST", path, content, repeatable=repeatable, more=more))


def _table(object_: Object) -> RecordTable:
    return record_table(object_, System.DYNAMICS)


def _type(object_: Object) -> str:
    return f"{_ACTIONS}{LOGICAL_NAMES[_table(object_).name]}"


def _refusal(response: httpx.Response) -> Refusal:
    error = json_object(response).get("error") or {}
    return Refusal(response.status_code, str(error.get("code") or "no code"), str(error.get("message") or ""))


def _refused_whole(response: httpx.Response) -> UnexpectedReplyError:
    return _refusal(response).of_whole_request("Dynamics", response)
