"""The gate: says whether a portal is a test portal, and only then gives leave to write there.

Facts
    * HubSpot's account types APP_DEVELOPER, DEVELOPER_TEST and SANDBOX are for tests, and so are Dataverse's
      organisation types that `portals.check.lines` lists; all else is production: other types, unknown ones, and
      answers that fail or say nothing (portal-apis 2.1, 6.1).
    * There is no override: a permit is made nowhere else, and a writing client cannot be built without one.
    * It is asked again before each batch. When it refuses once, it stays closed, and leave that it gave before is void.
      A token or an address that leads to another portal than before ends the writing, too.

Where it is used: `rehearsal.writing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dynsync_lib.core.model import System
from dynsync_lib.errors import PortalError, ProductionPortalError, SafetyError
from dynsync_lib.portals.check.lines import portal_kind
from dynsync_lib.portals.dataverse.reader import BASE_PATH, ORGANIZATION
from dynsync_lib.portals.http.caller import PortalCaller
from dynsync_lib.portals.hubspot.paths import DEFAULT_VERSION, PATHS

_NEXT_STEP: Final[Mapping[System, str]] = {
    System.HUBSPOT: "Use the token of a developer test account or a sandbox.",
    System.DYNAMICS: "Use the address of a sandbox, developer or trial environment.",
}
_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to write to one test portal, as the gate gives it: which portal, and the type that it says it has.

    Raises SafetyError when anything but the gate makes one.
    """

    system: System
    portal_id: str
    portal_type: str
    seal: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise SafetyError(
                "Only the gate gives leave to write.", next_step="Report this: a permit was made elsewhere."
            )


class Gate:
    """Asks one portal what it is, through a client that can only read.

    `hubspot_gate` and `dynamics_gate` make one.
    """

    def __init__(
        self, system: System, caller: PortalCaller, address: str, read: Callable[[Any], tuple[object, object]]
    ) -> None:
        self.system = system
        self._caller, self._address, self._read = caller, address, read
        self._portal_id: str | None = None
        self.is_closed = False
        """Whether it refused once: then it gives no leave any more, and none that it gave before holds."""

    async def ask(self) -> Permit:
        """Leave to write now. Costs one request.

        Raises ProductionPortalError when the portal is not known to be for tests, SafetyError when it is another portal
        than the first time.
        """
        try:
            permit = await self._ask()
        except BaseException:
            self.is_closed = True
            raise
        if self.is_closed:
            raise ProductionPortalError(
                f"{self.system.label} counted as production a moment ago: nothing is written.",
                next_step=_NEXT_STEP[self.system],
            )
        return permit

    async def _ask(self) -> Permit:
        portal_id, type_ = await self._identify()
        if not isinstance(type_, str) or portal_kind(self.system, type_) != "test":
            says = f"says it is {type_}" if isinstance(type_, str) else "does not say what it is"
            raise ProductionPortalError(
                f"{self.system.label} portal {portal_id} {says}, which counts as production: nothing is written.",
                next_step=_NEXT_STEP[self.system],
            )
        self._portal_id = self._portal_id or portal_id
        if portal_id != self._portal_id:
            raise SafetyError(
                f"{self.system.label} is portal {portal_id} now and was {self._portal_id} before: writing ended.",
                next_step="Check who changes the token or the address while the command runs.",
            )
        return Permit(self.system, portal_id, type_, _SEAL)

    async def _identify(self) -> tuple[str, object]:
        try:
            portal_id, type_ = self._read(await self._caller.get(self._address))
        except PortalError as fault:
            raise ProductionPortalError(
                f"{self.system.label} counts as production, because it does not say what it is: {fault}",
                next_step=fault.next_step,
                correlation_id=fault.correlation_id,
            ) from fault
        except (AttributeError, KeyError, TypeError) as fault:
            raise _silent(self.system) from fault
        if not isinstance(portal_id, str) or not portal_id:
            raise _silent(self.system)
        return portal_id.lower(), type_


def hubspot_gate(caller: PortalCaller, *, version: str = DEFAULT_VERSION) -> Gate:
    """The gate of a HubSpot portal. Numbers in the caller's answers are text."""
    return Gate(
        System.HUBSPOT, caller, PATHS[version].account, lambda answer: (answer["portalId"], answer["accountType"])
    )


def dynamics_gate(caller: PortalCaller) -> Gate:
    """The gate of a Dataverse environment."""

    def read(answer: Any) -> tuple[object, object]:
        return answer["Detail"]["OrganizationId"], answer["Detail"]["OrganizationType"]

    return Gate(System.DYNAMICS, caller, f"{BASE_PATH}{ORGANIZATION}", read)


def _silent(system: System) -> ProductionPortalError:
    return ProductionPortalError(
        f"{system.label} counts as production, because it does not say what it is.", next_step=_NEXT_STEP[system]
    )
