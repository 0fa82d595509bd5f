"""pymodbus's servers as counterparts of our Modbus reader."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymodbus.server import ModbusSerialServer, ModbusTcpServer

__all__ = ["free_port", "pymodbus"]


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def pymodbus(server: ModbusTcpServer | ModbusSerialServer) -> AsyncIterator[None]:
    """Run a server for the length of the body."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.serve_forever(), name="pymodbus server")
        try:
            yield
        finally:
            await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped
            task.cancel()
