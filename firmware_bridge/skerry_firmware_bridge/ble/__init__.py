"""Helium hotspots over Bluetooth: their GATT service, its values, and a client for onboarding and Wi-Fi set-up."""
