"""Asks an AT LoRa module for its firmware and serial number; used by `probe` and nobody else."""

from contextlib import suppress

from skerry_firmware_bridge.at_radio.identity import IDENTITIES
from skerry_firmware_bridge.at_radio.lines import LineReader
from skerry_firmware_bridge.device import Surroundings, Values
from skerry_firmware_bridge.links.settings import SerialSettings

__all__ = ["lora_identity"]

ANSWER_LIMIT_S = 1.0
MODELS = {"wio-e5": "Wio-E5", "rak3172": "RAK3172", "rn2483": "RN2483"}


async def lora_identity(url: str, kind: str, around: Surroundings, *, baudrate: int) -> Values:
    """Return model, firmware and EUI; what the module does not tell is None. Raises `LinkRefused`, `LinkLost`."""
    values: Values = {"model": MODELS[kind]}
    link = await around.open_link(url, SerialSettings(baudrate=baudrate))
    reader = LineReader()
    try:
        for trait in IDENTITIES[kind]:
            values[trait.name] = None
            with suppress(TimeoutError):
                async with around.clock.timeout(ANSWER_LIMIT_S):
                    await link.write(f"{trait.command}\r\n".encode())
                    while values[trait.name] is None:
                        lines = reader.feed(await link.read())
                        values[trait.name] = next(filter(None, map(trait.read, lines)), None)
    finally:
        await link.close()
    return values
