"""LoRaWAN rules of a packet router: integrity codes, NetIDs and device addresses, route selection, allocation."""
