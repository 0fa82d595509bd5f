"""`helium.iot_config.gateway`: region parameters and gain for a hotspot, signed by the oracle's key (iot-poc 3.4)."""

import grpc

from skerry_oracle.embedded import EmbeddedOracle, published_region_params
from skerry_oracle.services.streams import Context, ServiceHandler, peer_name
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.iot_config_pb2 import (
    gateway_location_req_v1,
    gateway_location_res_v1,
    gateway_region_params_req_v1,
    gateway_region_params_res_v1,
)
from skerry_wire.generated.region_pb2 import blockchain_region_params_v1, region
from skerry_wire.messages import parse
from skerry_wire.signing import sign_message, verify_message

__all__ = ["CONFIG", "ConfigService"]

CONFIG = "helium.iot_config.gateway"
DEFAULT_GAIN_DDBI = 12  # iot-poc 4.1: what a gateway without assertion is given
MAX_REQUEST_BYTES = 1_024


class ConfigService:
    """Serves the gateway part of one network's configuration."""

    def __init__(self, oracle: EmbeddedOracle) -> None:
        self._oracle = oracle

    def handler(self) -> ServiceHandler:
        """Return the handler to register with a server."""
        return grpc.method_handlers_generic_handler(
            CONFIG,
            {
                "region_params": grpc.unary_unary_rpc_method_handler(self._region_params),
                "location": grpc.unary_unary_rpc_method_handler(self._location),
            },
        )

    async def _region_params(self, raw: bytes, context: Context) -> bytes:
        """Answer with the asserted region; an admitted hotspot without assertion gets the region it asks for.

        That lets its packets through before its place is known; it cannot take part in proofs.
        """
        request = await self._parsed(gateway_region_params_req_v1, raw, context)
        if not verify_message(request, request.address):
            await self._refuse("bad_signature", grpc.StatusCode.INVALID_ARGUMENT, context)
        hotspot = self._oracle.registry.hotspot_at(request.address, self._oracle.clock.wall_ms())
        if hotspot is None:
            await self._refuse("gateway_not_found", grpc.StatusCode.NOT_FOUND, context)
            raise AssertionError("abort raises")
        if hotspot.location is not None:
            name, gain_ddbi = hotspot.location.region, hotspot.location.gain_ddbi
        else:
            known = region.DESCRIPTOR.values_by_number.get(request.region)
            name, gain_ddbi = known.name if known else "UNKNOWN", DEFAULT_GAIN_DDBI
        params = published_region_params(name)
        if params is None:
            await self._refuse("no_region_params", grpc.StatusCode.NOT_FOUND, context)
            raise AssertionError("abort raises")
        response = gateway_region_params_res_v1(
            region=name,
            params=blockchain_region_params_v1.FromString(params),
            gain=max(0, gain_ddbi),
            timestamp=self._oracle.clock.wall_s(),
            signer=self._oracle.signer.public_key,
        )
        return sign_message(response, self._oracle.signer).SerializeToString()

    async def _location(self, raw: bytes, context: Context) -> bytes:
        """Tell a hotspot its own asserted cell (hexadecimal H3 text)."""
        request = await self._parsed(gateway_location_req_v1, raw, context)
        if request.signer != request.gateway or not verify_message(request, request.gateway):
            await self._refuse("bad_signature", grpc.StatusCode.INVALID_ARGUMENT, context)
        hotspot = self._oracle.registry.hotspot_at(request.gateway, self._oracle.clock.wall_ms())
        if hotspot is None or hotspot.location is None:
            await self._refuse("not_asserted", grpc.StatusCode.NOT_FOUND, context)
            raise AssertionError("abort raises")
        response = gateway_location_res_v1(
            location=hotspot.location.cell,
            timestamp=self._oracle.clock.wall_s(),
            signer=self._oracle.signer.public_key,
        )
        return sign_message(response, self._oracle.signer).SerializeToString()

    async def _parsed(self, kind: type, raw: bytes, context: Context):  # type: ignore[no-untyped-def]  # noqa: ANN202
        try:
            return parse(kind, raw, limit_bytes=MAX_REQUEST_BYTES)
        except MessageRejected:
            await self._refuse("malformed", grpc.StatusCode.INVALID_ARGUMENT, context)

    async def _refuse(self, reason: str, code: grpc.StatusCode, context: Context) -> None:
        self._oracle.refusals.note(kind="config", reason=reason, peer=peer_name(context))
        await context.abort(code, reason)
