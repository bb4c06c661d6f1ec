"""One portal in a process of its own: it reads calls from standard input and writes replies to standard output.

Facts
    * The first frame says which portal, of what world; then come `Order`s, each answered by an `Outcome` of the same
      number, in the order in which they end. Orders run side by side, as requests do.
    * What the control plane has switched comes along with the first order after it, and holds from that order on.
    * It ends when its standard input is closed, so it never outlives its parent process.

Where it is used: `emulator.serving.portals_apart` starts it.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import BinaryIO, Final

from dynsync_lib.emulator.conditions.switches import Conditions
from dynsync_lib.emulator.serving.frames import read_frame, write_frame
from dynsync_lib.emulator.serving.orders import OneSide, Order, Outcome, Switched
from dynsync_lib.emulator.serving.portals_here import MOST_AT_ONCE, PortalsHere
from dynsync_lib.errors import DynsyncError
from dynsync_lib.processes import leave_stops_to_the_parent


def serve_orders(orders: BinaryIO, outcomes: BinaryIO) -> None:
    """Answers orders until their stream ends. The first outcome, numbered 0, says that the world is loaded.

    Raises EOFError or BrokenPipeError when the parent is gone.
    """
    side: OneSide = read_frame(orders)
    conditions = Conditions()
    try:
        portals = PortalsHere(side, conditions, side.sign_in_at, side.state)
    except DynsyncError as error:
        write_frame(outcomes, Outcome(0, None, error))
        return
    with closing(portals):
        write_frame(outcomes, Outcome(0, None, None))
        _carry_out_orders(portals, conditions, orders, outcomes)


def _carry_out_orders(portals: PortalsHere, conditions: Conditions, orders: BinaryIO, outcomes: BinaryIO) -> None:
    turn = threading.Lock()

    def carry_out(order: Order) -> None:
        outcome = _outcome(portals, order)
        with turn:
            write_frame(outcomes, outcome)

    workers = ThreadPoolExecutor(MOST_AT_ONCE)
    while True:
        order: Order = read_frame(orders)
        if order.switched is not None:
            _switch(conditions, order.switched)
        workers.submit(carry_out, order)


def _outcome(portals: PortalsHere, order: Order) -> Outcome:
    try:
        return Outcome(order.number, getattr(portals, order.method)(*order.arguments), None)
    except DynsyncError as error:
        return Outcome(order.number, None, error)
    except Exception as fault:  # noqa: BLE001 - a fault of ours must not leave the caller waiting
        return Outcome(order.number, None, DynsyncError(f"The emulated portal failed: {fault!r}.", next_step=_REPORT))


def _switch(conditions: Conditions, switched: Switched) -> None:
    conditions.rights, conditions.sign_in, conditions.portals = switched.rights, switched.sign_in, switched.portals
    if switched.limits is not None:
        conditions.set_limits(switched.limits)


_REPORT: Final = "Report it, with the request."


def main() -> None:
    """Serves one portal over the standard streams of this process."""
    leave_stops_to_the_parent()
    outcomes, sys.stdout = sys.stdout.buffer, sys.stderr
    with suppress(EOFError, BrokenPipeError):
        serve_orders(sys.stdin.buffer, outcomes)
    os._exit(0)  # without waiting for answers that nobody reads any more


if __name__ == "__main__":
    main()
