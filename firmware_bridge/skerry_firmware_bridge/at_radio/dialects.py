"""The command sets by the kind that settings name."""

from skerry_firmware_bridge.at_radio.dialect import Dialect
from skerry_firmware_bridge.at_radio.rak3172 import Rak3172
from skerry_firmware_bridge.at_radio.rn2483 import Rn2483
from skerry_firmware_bridge.at_radio.wio_e5 import WioE5

__all__ = ["DIALECTS"]

DIALECTS: dict[str, type[Dialect]] = {dialect.kind: dialect for dialect in (WioE5, Rak3172, Rn2483)}
