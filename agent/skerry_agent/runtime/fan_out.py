"""Hands an uplink to every network of a hotspot: the operator's router first, then those of forward.gwmp."""

import logging
from collections.abc import Sequence

from skerry_agent.runtime.forwarder import GwmpForwarder
from skerry_agent.runtime.identity import HotspotIdentity
from skerry_agent.runtime.operator import Operator
from skerry_agent.runtime.packet_path import Heard
from skerry_core.errors import SkerryError

__all__ = ["FanOut"]

_log = logging.getLogger(__name__)


class FanOut:
    """The networks of one hotspot."""

    def __init__(
        self, *, operator: Operator, identity: HotspotIdentity, forwarders: Sequence[GwmpForwarder] = ()
    ) -> None:
        self._operator = operator
        self._identity = identity
        self.forwarders = tuple(forwarders)

    async def carry(self, heard: Heard) -> tuple[str, ...]:
        """Return the names of the networks that took the uplink; one that fails costs the others nothing."""
        taken = (self._operator.status().network,) if await self._to_operator(heard) else ()
        return taken + tuple(one.target.name for one in self.forwarders if one.offer(heard.frame))

    async def _to_operator(self, heard: Heard) -> bool:
        try:
            return await self._operator.carry(
                self._identity.key.binary, heard.frame, packet_id=heard.packet_id, region=self._identity.region_name
            )
        except SkerryError as error:
            _log.debug("packet %s: the operator's router cannot be reached (%s)", heard.packet_id, error)
            return False
