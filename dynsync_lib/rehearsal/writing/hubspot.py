"""Writes to a HubSpot test portal: records, associations and properties, in batches.

Facts
    * 100 records a batch. Each has a trace id, so that one that is refused does not stop the others: 207, and every
      error names its trace id. A batch that is refused as a whole is halved until the refused record stands alone
      (portal-apis 2.4).
    * Creating is not repeatable: when its answer is lost, whoever asked looks before he sends again. Changing,
      archiving and associating are.
    * The plain association of any two objects needs no type id (`associate/default`); the primary company is typeId 1
      of contacts and 5 of deals (2.5).

Not modelled
    * Association labels of the portal's own.

Where it is used: `rehearsal.writing.portal_pair` opens it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

from dynsync_lib.core.model import Object
from dynsync_lib.errors import UnexpectedReplyError
from dynsync_lib.listing import counted
from dynsync_lib.portals.http.caller import json_object
from dynsync_lib.portals.hubspot.paths import PLURALS, HubSpotPaths
from dynsync_lib.rehearsal.writing.batches import in_halves
from dynsync_lib.rehearsal.writing.caller import Write, WritingCaller, read_answer
from dynsync_lib.rehearsal.writing.written import Refusal, Rows, Values, Written

MOST_ASSOCIATIONS: Final = 1_000
"""HubSpot takes 2,000 in a batch; half of them keep an answer within the time that a caller waits."""
Pair = tuple[Object, Object]
Ends = tuple[str, str]
PRIMARY_TYPES: Final[Mapping[Pair, int]] = {
    (Object.CONTACT, Object.COMPANY): 1,
    (Object.DEAL, Object.COMPANY): 5,
}
"""The type id of the primary company."""
_TRACE: Final = "objectWriteTraceId"


class HubSpotWriter:
    """Writes to one portal. Every method asks the gate first, and raises as `WritingCaller.send`."""

    def __init__(self, caller: WritingCaller, paths: HubSpotPaths) -> None:
        self._caller, self._paths = caller, paths

    async def create(self, object_: Object, rows: Rows, *, more: bool = False) -> Written:
        """New records with the properties of `rows`, at most 100, in their order. One request if all goes well.

        `more` says that more of them follow at once.
        Raises AnswerLostError when nobody knows which of them were made.
        """
        return await self._write(object_, "create", rows, repeatable=False, more=more)

    async def update(self, object_: Object, rows: Rows) -> Written:
        """Changed records, at most 100: `rows` by record id; None empties a property."""
        return await self._write(object_, "update", rows, repeatable=True)

    async def archive(self, object_: Object, ids: Sequence[str]) -> None:
        """Archives records, at most 100; those that are not there any more are passed over."""
        response = await self._post(
            f"{self._records(object_)}/archive", {"inputs": [{"id": id_} for id_ in ids]}, repeatable=True
        )
        if not response.is_success:
            raise _refused_whole(response)

    async def associate(self, pair: Pair, ends: Sequence[Ends], *, primary: bool = False) -> list[Ends]:
        """Associates records, at most 1,000 pairs; gives those pairs that were refused.

        `primary` makes the second, a company, the primary one of the first.
        """
        if primary:
            specs = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": PRIMARY_TYPES[pair]}]
            return await self._associate(pair, "create", list(ends), {"types": specs})
        return await self._associate(pair, "associate/default", list(ends), {})

    async def create_property(self, object_: Object, definition: Mapping[str, Any]) -> bool:
        """Makes a property as HubSpot's API describes one; whether it is new (False: its name was there already).

        Raises UnexpectedReplyError when HubSpot refuses it.
        """
        response = await self._post(f"{self._paths.properties}/{PLURALS[object_]}", definition, repeatable=True)
        if response.status_code != httpx.codes.CONFLICT and not response.is_success:
            raise _refused_whole(response)
        return response.is_success

    async def archive_property(self, object_: Object, name: str) -> None:
        """Archives a property of the portal's own; nothing happens when it is not there any more."""
        path = f"{self._paths.properties}/{PLURALS[object_]}/{name}"
        response = await self._caller.send(Write("DELETE", path, repeatable=True))
        if not response.is_success and response.status_code != httpx.codes.NOT_FOUND:
            raise _refused_whole(response)

    async def _write(
        self, object_: Object, action: str, rows: Rows, *, repeatable: bool, more: bool = False
    ) -> Written:
        inputs = [_input(action, name, values) for name, values in rows.items()]
        response = await self._post(
            f"{self._records(object_)}/{action}", {"inputs": inputs}, repeatable=repeatable, more=more
        )
        if response.is_success:
            return _written(read_answer(response), rows)
        if len(rows) == 1:
            return Written(refused=dict.fromkeys(rows, _refusal(response.status_code, json_object(response))))
        return await in_halves(rows, lambda half: self._write(object_, action, half, repeatable=repeatable))

    async def _associate(self, pair: Pair, action: str, ends: list[Ends], types: Mapping[str, Any]) -> list[Ends]:
        inputs = [{"from": {"id": from_id}, "to": {"id": to_id}, **types} for from_id, to_id in ends]
        path = f"{self._paths.associations}/{PLURALS[pair[0]]}/{PLURALS[pair[1]]}/batch/{action}"
        response = await self._post(path, {"inputs": inputs}, repeatable=True)
        if response.is_success and not read_answer(response).get("errors"):
            return []
        if len(ends) == 1:
            return ends
        middle = len(ends) // 2
        halves = [await self._associate(pair, action, half, types) for half in (ends[:middle], ends[middle:])]
        return [refused for half in halves for refused in half]

    async def _post(self, path: str, body: object, *, repeatable: bool, more: bool = False) -> httpx.Response:
        content = json.dumps(body, ensure_ascii=False).encode()
        return await self._caller.send(Write("POST", path, content, repeatable=repeatable, more=more))

    def _records(self, object_: Object) -> str:
        return f"{self._paths.objects}/{PLURALS[object_]}/batch"


def _input(action: str, name: str, values: Values) -> dict[str, Any]:
    if action == "create":
        return {_TRACE: name, "properties": {key: value for key, value in values.items() if value is not None}}
    return {_TRACE: name, "id": name, "properties": {key: value or "" for key, value in values.items()}}


def _written(answer: Mapping[str, Any], rows: Rows) -> Written:
    results = answer.get("results") or ()
    ids = {str(result.get(_TRACE) or result.get("id")): str(result.get("id")) for result in results}
    refused: dict[str, Refusal] = {}
    for error in answer.get("errors") or ():
        context = error.get("context") or {}
        for name in map(str, (*(context.get(_TRACE) or ()), *(context.get("ids") or ()))):
            refused[name] = _refusal(400, error)
    ids, refused = _of(rows, ids), _of(rows, refused)
    lacking = [name for name in rows if name not in ids and name not in refused]
    if lacking:
        raise UnexpectedReplyError(
            f"HubSpot answers a batch of {counted(len(rows), 'record', 'records')} and is silent about {len(lacking)}.",
            next_step="Run the same command again: it looks what was done, and goes on from there.",
        )
    return Written(ids, refused)


def _of(rows: Rows, found_by_name: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found_by_name.items() if name in rows}


def _refusal(status: int, error: Mapping[str, Any]) -> Refusal:
    return Refusal(status, str(error.get("category") or "no category"), str(error.get("message") or ""))


def _refused_whole(response: httpx.Response) -> UnexpectedReplyError:
    return _refusal(response.status_code, json_object(response)).of_whole_request("HubSpot", response)
