"""Hands an uplink to every network of a hotspot: the operator's router, then those of forward.gwmp and forward.http."""

import logging
from collections.abc import Sequence
from typing import Protocol

from skerry_agent.api.view import NetworkStatus
from skerry_agent.runtime.identity import HotspotIdentity
from skerry_agent.runtime.operator import Operator
from skerry_agent.runtime.packet_path import Heard
from skerry_core.errors import SkerryError

__all__ = ["FanOut", "Network"]

_log = logging.getLogger(__name__)


class Network(Protocol):
    """A further network, of any kind."""

    @property
    def name(self) -> str:
        """The network's name in rows and metrics."""

    def offer(self, heard: Heard) -> bool:
        """Take an uplink if the network wants it and there is room; never blocks."""

    def status(self, hotspot: str) -> NetworkStatus:
        """Return how it is with this network; from memory."""

    async def run(self) -> None:
        """Carry until cancelled."""


class FanOut:
    """The networks of one hotspot."""

    def __init__(self, *, operator: Operator, identity: HotspotIdentity, forwarders: Sequence[Network] = ()) -> None:
        self._operator = operator
        self._identity = identity
        self.forwarders = tuple(forwarders)

    async def carry(self, heard: Heard) -> tuple[str, ...]:
        """Return the names of the networks that took the uplink; one that fails costs the others nothing."""
        taken = (self._operator.status().network,) if await self._to_operator(heard) else ()
        return taken + tuple(one.name for one in self.forwarders if one.offer(heard))

    async def _to_operator(self, heard: Heard) -> bool:
        try:
            return await self._operator.carry(
                self._identity.key.binary, heard.frame, packet_id=heard.packet_id, region=self._identity.region_name
            )
        except SkerryError as error:
            _log.debug("packet %s: the operator's router cannot be reached (%s)", heard.packet_id, error)
            return False
