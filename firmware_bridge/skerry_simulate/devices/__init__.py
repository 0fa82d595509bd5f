"""Device emulators behind pseudo-terminals, TCP ports and a private D-Bus, with faults to order."""

from skerry_simulate.devices.registry import EMULATORS, Emulator, Running, run_emulator

__all__ = ["EMULATORS", "Emulator", "Running", "run_emulator"]
