"""Both portals and the sign-in on 127.0.0.1: HTTP in front of the two APIs.

Facts
    * Three listeners: HubSpot over HTTP, Dataverse over HTTP, and Dataverse with the sign-in over TLS, because `msal`
      speaks to nothing else. The certificates are made for this run and are gone after it.

Where it is used: `kit`, the demo, the tests.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Literal

from dynsync_lib.emulator.calls import Call, Reply
from dynsync_lib.emulator.conditions.limits import Limits
from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.dataverse.api import DataverseApi
from dynsync_lib.emulator.entra.grants import CLIENT_ID, CLIENT_SECRET
from dynsync_lib.emulator.entra.sign_in import Entra
from dynsync_lib.emulator.entra.tokens import STATIC_TOKEN as DATAVERSE_TOKEN
from dynsync_lib.emulator.hubspot.api import HubspotApi
from dynsync_lib.emulator.hubspot.portal import STATIC_TOKEN
from dynsync_lib.emulator.serving.certificates import make_certificates
from dynsync_lib.emulator.serving.control_api import PREFIX, Control
from dynsync_lib.emulator.serving.http_portal import Answer, application
from dynsync_lib.emulator.serving.listener import HOST, Listener, bind
from dynsync_lib.emulator.store.records import Store, World


class Emulator:
    """Serves one world from threads of this process; a context manager.

    `addresses` gives the addresses and the secrets. Raises InputFileError for a world with a fault, OSError for a port
    that is taken.
    """

    def __init__(
        self, world: World, *, hubspot_port: int = 0, dynamics_port: int = 0, limits: Limits | None = None
    ) -> None:
        self.world, self._ports = world, (hubspot_port, dynamics_port)
        self._stop = threading.Event()
        self.conditions = Conditions(limits)

    def __enter__(self) -> Emulator:
        self._store = Store(self.world)
        self._folder = Path(tempfile.mkdtemp(prefix="dynsync-emulator-"))
        self._servers: list[Listener] = []
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

    def close(self) -> None:
        """Stops serving and removes the certificates and the database of this run."""
        self._stop.set()
        for server in self._servers:
            server.ask_to_stop()
        for server in self._servers:
            server.stop()
        self._store.close()
        shutil.rmtree(self._folder, ignore_errors=True)

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
        self._store.reseed()

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
        certificate = make_certificates(self._folder, host=HOST)
        tenant_id = str(self.world.organization["Detail"]["TenantId"])
        entra = Entra(tenant_id, self.conditions, certificate=certificate)
        control = Control(self.conditions, entra, self._store)
        sockets = [bind(port) for port in (*self._ports, 0)]
        ports = [bound.getsockname()[1] for bound in sockets]
        entra.origin = f"https://{HOST}:{ports[2]}"
        files = (None, None, self._folder / "server.pem")
        for (portal, answer), bound, file in zip(self._answers(entra), sockets, files, strict=True):
            self._servers.append(Listener(application(portal, answer, self.conditions, control), bound, file))
        for server in self._servers:
            server.start()
        self._addresses = self._addresses_of(entra, ports)

    def _answers(self, entra: Entra) -> list[tuple[str, Answer]]:
        """What answers at each listener, and the portal it belongs to."""
        hubspot = HubspotApi(self.world, self._store, self.conditions)
        dynamics = DataverseApi(self.world, self._store, self.conditions, entra)

        def answer_dynamics(call: Call) -> Reply:
            return entra.answer(call) if entra.owns(call.path) else dynamics.answer(call)

        return [("hubspot", hubspot.answer), ("dynamics", dynamics.answer), ("dynamics", answer_dynamics)]

    def _addresses_of(self, entra: Entra, ports: list[int]) -> dict[str, dict[str, str]]:
        return {
            "hubspot": {"url": f"http://{HOST}:{ports[0]}", "token": STATIC_TOKEN},
            "dynamics": {
                "url": f"http://{HOST}:{ports[1]}",
                "tls_url": f"https://{HOST}:{ports[2]}",
                "authority": entra.authority,
                "tenant_id": entra.tenant_id,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "ca_file": str(self._folder / "ca.pem"),
            },
        }
