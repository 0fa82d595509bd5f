"""The packet router: which LoRaWAN network servers get a hotspot's uplinks, and their downlinks' way back."""
