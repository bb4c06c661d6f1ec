"""Both portals and the sign-in on 127.0.0.1: HTTP in front of the two APIs.

Facts
    * Three listeners: HubSpot over HTTP, Dataverse over HTTP, and Dataverse with the sign-in over TLS, because `msal`
      speaks to nothing else. The certificates are made for this run and are gone after it.
    * The portals answer in threads of this process, which starts at once, or each in a process of its own, so that a
      long request to one never holds up the other.

Where it is used: `kit`, the demo, the tests.
"""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal

from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.entra.grants import CLIENT_ID, CLIENT_SECRET
from dynsync_lib.emulator.entra.tokens import STATIC_TOKEN as DATAVERSE_TOKEN
from dynsync_lib.emulator.hubspot.portal import STATIC_TOKEN
from dynsync_lib.emulator.serving.certificates import make_certificates
from dynsync_lib.emulator.serving.control_api import PREFIX, Control
from dynsync_lib.emulator.serving.http_portal import Answer, application
from dynsync_lib.emulator.serving.listener import HOST, Listener, bind
from dynsync_lib.emulator.serving.portals_apart import PortalsApart
from dynsync_lib.emulator.serving.portals_here import Portals, PortalsHere, SignInPlace
from dynsync_lib.emulator.store.records import World
from dynsync_lib.folders.temporary_folder import TemporaryFolder


class Emulator:
    """Serves one world; a context manager.

    `is_apart` gives each portal a process of its own. `begins_at_s` stops the clock there from the start, in seconds
    since 1970: then the same requests get the same bytes from two emulators of one world. `state` is a folder in
    which what is written stays for the next emulator of this world. `addresses` gives the addresses and the secrets.
    Raises InputFileError for a world with a fault, OSError for a port that is taken.
    """

    def __init__(
        self,
        world: World,
        *,
        hubspot_port: int = 0,
        dynamics_port: int = 0,
        limits: Limits | None = None,
        is_apart: bool = False,
        begins_at_s: float | None = None,
        state: Path | None = None,
    ) -> None:
        self.world, self._ports, self._is_apart = world, (hubspot_port, dynamics_port), is_apart
        self._state = state
        self._stop = threading.Event()
        self._opened = ExitStack()
        self.conditions = Conditions(limits, begins_at_s=begins_at_s)

    def __enter__(self) -> Emulator:
        self._folder = self._opened.enter_context(TemporaryFolder())
        try:
            self._listen()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        self.close()
        return False

    def start(self) -> Emulator:
        """Serves until `close` is called, or this process ends: for notebooks, whose cells share no block."""
        return self.__enter__()

    def close(self) -> None:
        """Stops serving and removes the certificates of this run, and its database unless that is kept."""
        self._stop.set()
        self._opened.close()

    def wait(self) -> None:
        """Blocks until the process is interrupted or told to end, or `close` is called. Only for the main thread."""
        before = signal.signal(signal.SIGTERM, lambda *_: self._stop.set())
        try:
            self._stop.wait()
        except KeyboardInterrupt:
            return
        finally:
            signal.signal(signal.SIGTERM, before)

    def reseed(self) -> None:
        """Undoes all writes: records, properties and columns are as in the world again."""
        self.portals.reseed()

    @property
    def addresses(self) -> dict[str, dict[str, str]]:
        """The addresses of both portals and the secrets that open them, by portal (`hubspot`, `dynamics`) and name."""
        return self._addresses

    @property
    def told(self) -> dict[str, dict[str, str]]:
        """`addresses` with other ways to sign in and the address of the control plane, for people to copy from."""
        dynamics = {
            **self._addresses["dynamics"],
            "certificate": str(self.client_certificate_file),
            "token": DATAVERSE_TOKEN,
        }
        control = {"url": f"{self._addresses['hubspot']['url']}{PREFIX}"}
        return {"hubspot": self._addresses["hubspot"], "dynamics": dynamics, "control": control}

    @property
    def client_certificate_file(self) -> Path:
        """A PEM file with the private key and the certificate that the client may sign in with."""
        return self._folder / "client.pem"

    def _listen(self) -> None:
        sockets = [self._opened.enter_context(bind(port)) for port in (*self._ports, 0)]
        ports = [bound.getsockname()[1] for bound in sockets]
        sign_in_at = SignInPlace(f"https://{HOST}:{ports[2]}", make_certificates(self._folder, host=HOST))
        kind = PortalsApart if self._is_apart else PortalsHere
        portals = kind(self.world, self.conditions, sign_in_at, self._state)
        self.portals: Portals = portals
        self._opened.callback(portals.close)
        control = Control(self.conditions, portals)
        answers: list[tuple[str, Answer]] = [
            ("hubspot", portals.answer_hubspot),
            ("dynamics", portals.answer_dynamics),
            ("dynamics", portals.answer_tls),
        ]
        files = (None, None, self._folder / "server.pem")
        servers = [
            Listener(application(portal, answer, self.conditions, control), bound, file)
            for (portal, answer), bound, file in zip(answers, sockets, files, strict=True)
        ]
        self._opened.callback(_stop_all, servers)
        for server in servers:
            server.start()
        self._addresses = self._addresses_of(ports)

    def _addresses_of(self, ports: list[int]) -> dict[str, dict[str, str]]:
        tenant_id = str(self.world.organization["Detail"]["TenantId"])
        return {
            "hubspot": {"url": f"http://{HOST}:{ports[0]}", "token": STATIC_TOKEN},
            "dynamics": {
                "url": f"http://{HOST}:{ports[1]}",
                "tls_url": f"https://{HOST}:{ports[2]}",
                "authority": f"https://{HOST}:{ports[2]}/{tenant_id}",
                "tenant_id": tenant_id,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "ca_file": str(self._folder / "ca.pem"),
            },
        }


def _stop_all(servers: list[Listener]) -> None:
    """Ends all listeners at the same time."""
    for server in servers:
        server.ask_to_stop()
    for server in servers:
        server.stop()
