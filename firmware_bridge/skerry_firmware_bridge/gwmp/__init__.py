"""Semtech UDP (GWMP): the datagrams between a LoRa packet forwarder and its server.

`datagram` frames bytes, `packets` reads what a gateway heard, `downlink` writes what it shall send, `session` is the
server's side of the conversation without any socket, `server` is the socket, `radio` is one gateway as a `Radio`.
Facts: reference serial-devices 2.3 and 4, iot-poc 5.1.
"""
