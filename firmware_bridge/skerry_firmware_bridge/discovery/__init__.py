"""Which devices are plugged in, what they probably are, and why a port cannot be opened."""

from skerry_firmware_bridge.discovery.scan import ScannedDevice, scan

__all__ = ["ScannedDevice", "scan"]
