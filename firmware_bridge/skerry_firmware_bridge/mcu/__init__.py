"""Concentrator microcontrollers on USB as diagnostics: identity, EUI, temperature, health, reset.

LoRa frames come through the vendor's packet forwarder, never through these drivers.
"""
