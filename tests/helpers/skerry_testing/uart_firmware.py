"""A gateway's firmware written from docs/gwmp-over-serial.md alone: nothing of ours is imported.

Run as `python uart_firmware.py PORT`: says who it is, hears one frame, takes what it is asked to send and prints it.
"""

import base64
import json
import os
import sys
import tty

EUI = bytes.fromhex("aa555a00000000ff")


def fcs16(data: bytes) -> int:
    """CRC-16/X-25."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xFFFF


def framed(datagram: bytes) -> bytes:
    """Return the datagram as it goes over the wire."""
    checked = datagram + fcs16(datagram).to_bytes(2, "little")
    return b"\x7e" + checked.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


def read_frame(port: int) -> bytes:
    """Return the next datagram whose check is right."""
    run = bytearray()
    while True:
        byte = os.read(port, 1)
        if byte != b"\x7e":
            run += byte
            continue
        content = bytes(run).replace(b"\x7d\x5e", b"\x7e").replace(b"\x7d\x5d", b"\x7d")
        run.clear()
        if len(content) > 2 and fcs16(content[:-2]) == int.from_bytes(content[-2:], "little"):
            return content[:-2]


def main(path: str) -> None:
    """Talk."""
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    packet = {
        "tmst": 1000000, "freq": 868.1, "stat": 1, "modu": "LORA", "datr": "SF7BW125", "codr": "4/5", "rssi": -60,
        "lsnr": 9.5, "size": 17, "data": base64.b64encode(bytes.fromhex("4000010078000000010102030411223344")).decode(),
    }  # fmt: skip
    os.write(port, framed(b"\x02\x00\x01\x02" + EUI))
    print("pull_ack", read_frame(port).hex(), flush=True)
    os.write(port, framed(b"\x02\x00\x02\x00" + EUI + json.dumps({"rxpk": [packet]}).encode()))
    print("push_ack", read_frame(port).hex(), flush=True)
    asked = read_frame(port)
    print("sends", json.loads(asked[4:])["txpk"]["data"], flush=True)
    os.write(port, framed(asked[:3] + b"\x05" + EUI))
    os.read(port, 1)  # until the cable goes


if __name__ == "__main__":
    main(sys.argv[1])
