"""Concentrator microcontrollers on USB as diagnostics: identity, EUI, temperature, health, reset.

LoRa frames come through the vendor's packet forwarder, never through these drivers; `FRAMES` says so to people.
"""

__all__ = ["FRAMES"]

FRAMES = "come through the vendor's packet forwarder; this is diagnostics only"
