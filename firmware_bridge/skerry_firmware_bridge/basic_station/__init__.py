"""LoRa Basics Station: gateways that connect to us by websocket, with the LNS protocol, and are told their channels.

`messages` reads what a station sends, `plan` writes its channel plan, `server` is the websocket. Such a gateway only
hears: the protocol sends device downlinks with inverted chirps, never a beacon, so it has no `Radio`.
"""
