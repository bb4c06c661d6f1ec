"""A kernel that is started before its notebook is needed, so that what it must import is there in time.

Facts
    * Its keys and IPython's files lie in a temporary folder; what somebody has IPython run at its start is not run.
    * When this process is interrupted, the kernel is ended with it; nbclient's own handling of signals, after which
      nothing else hears them, is left out.
    * A kernel runs one notebook and is gone with it, or when it is left; it is killed, since a notebook that has run
      has nothing left to say, and a polite end takes a second.
    * What it imports ahead leaves no name in the notebook. It steps aside for whatever computes meanwhile (not on
      Windows, which has no such thing as a nice process).
    * It is this Python, and imports nothing of the folder it runs in. A kernel of the same name in Jupyter's folders is
      not asked.

Source: nbclient's documentation; IPython's `exec_lines`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynsync_lib.folders.temporary_folder import temporary_folder
from dynsync_lib.processes import python_call
from dynsync_lib.report.notebook_format import NotebookNode, nbformat

if TYPE_CHECKING:
    from nbclient import NotebookClient

_KERNEL: Final = "python3"
_CALL: Final = python_call("ipykernel_launcher", "-f", "{connection_file}")
_QUIET: Final = "--IPKernelApp.log_level=ERROR"  # its warning about plain TCP concerns 127.0.0.1 only
_STEP_ASIDE: Final = "getattr(__import__('os'), 'nice', int)(5)"


class Kernel:
    """A started kernel. Runs one notebook."""

    def __init__(self, client: NotebookClient) -> None:
        self._client = client

    def run(self, notebook: NotebookNode, *, timeout_s: float) -> None:
        """Runs the cells and puts their outputs into the notebook. Raises what nbclient raises."""
        self._client.nb = notebook
        self._client.timeout = timeout_s  # type: ignore[assignment] # nbclient waits for parts of a second, too
        self._client.execute()

    def stop(self) -> None:
        """Ends a kernel that has not run; one that has is gone."""
        from nbclient.util import run_sync

        manager: Any = self._client.km
        if manager is not None:
            run_sync(_let_go)()
            run_sync(manager.shutdown_kernel)(now=True)
            run_sync(manager.cleanup_resources)()


@contextmanager
def start_kernel(folder: Path, *, imports: Sequence[str] = ()) -> Iterator[Kernel]:
    """A kernel whose notebook will run in `folder`. It begins to import the modules at once; nobody waits for it."""
    lines = [_STEP_ASIDE, *(f"exec('import {name}', {{}})" for name in imports)] if imports else []
    ahead = [f"--IPKernelApp.exec_lines={line}" for line in lines]
    client = _client(
        nbformat.v4.new_notebook(),  # type: ignore[no-untyped-call]
        kernel_name=_KERNEL,
        record_timing=False,
        shutdown_kernel="immediate",
        extra_arguments=[_QUIET, *ahead],
        resources={"metadata": {"path": str(folder.resolve())}},
    )
    with temporary_folder() as keys:
        manager = client.create_kernel_manager()
        _use_this_python(manager)
        manager.connection_file = str(keys / "kernel.json")
        kernel = Kernel(client)
        try:
            client.start_new_kernel(env={**os.environ, "IPYTHONDIR": str(keys)})
            yield kernel
        finally:
            kernel.stop()


def _client(*arguments: Any, **options: Any) -> NotebookClient:
    from nbclient import NotebookClient  # only who runs a notebook needs it

    class OwnClient(NotebookClient):
        @asynccontextmanager
        async def async_setup_kernel(self, **_: Any) -> AsyncIterator[None]:
            await self.async_start_new_kernel_client()
            try:
                yield
            finally:
                await self._async_cleanup_kernel()

    return OwnClient(*arguments, **options)


async def _let_go() -> None:
    """Ends what an interrupted notebook was waiting for."""
    waiting = asyncio.all_tasks() - {asyncio.current_task()}
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def _use_this_python(manager: Any) -> None:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class OwnKernel(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return KernelSpec(argv=list(_CALL), display_name="Python 3", language="python", name=kernel_name)

    manager.kernel_spec_manager = OwnKernel()
