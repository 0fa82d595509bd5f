import asyncio
import os
import socket
from pathlib import Path

from skerry_agent.systemd import Systemd
from skerry_core.clock import SystemClock
from skerry_simulate.clock import SimulatedClock


def test_ready_watchdog_and_stopping_reach_the_service_manager(tmp_path: Path) -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    environ = {"NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(environ["NOTIFY_SOCKET"])
        manager.setblocking(False)

        async def main() -> None:
            systemd = Systemd(environ=environ, clock=clock)
            systemd.ready("API at\nhttp://x")
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(systemd.watch())
                await clock.sleep(25)
                watching.cancel()
            systemd.stopping()

        with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
            runner.run(main())
        received = [manager.recv(100) for _ in range(5)]
    assert received == [b"READY=1\nSTATUS=API at http://x", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]


async def test_elsewhere_it_does_nothing(tmp_path: Path) -> None:
    for environ in (
        {},
        {"NOTIFY_SOCKET": str(tmp_path / "absent")},
        {"NOTIFY_SOCKET": "@absent", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
    ):
        systemd = Systemd(environ=environ, clock=SystemClock())
        systemd.ready("x")
        await systemd.watch()
        systemd.stopping()
