"""LoRa Basics Station: gateways that connect to us by websocket, with the LNS protocol, and are told their channels.

`messages` reads what a station sends, `plan` writes its channel plan, `downlink` its transmissions, `server` is the
websocket, `radio` what the transmit gate sees. Such a gateway witnesses and takes downlinks to devices; the protocol
has no message for a beacon of ours, because station inverts the chirps of every frame that it is asked to send.
"""
