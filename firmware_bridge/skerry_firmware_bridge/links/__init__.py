"""Serial, UDP, BLE and loopback byte links behind one interface."""
