"""All conformance kinds of the device side; `skerry conformance` reads `KINDS`."""

from skerry_core.conformance import Kind
from skerry_firmware_bridge.gwmp import conformance as gwmp

__all__ = ["KINDS"]

KINDS: dict[str, Kind] = {**gwmp.KINDS}
