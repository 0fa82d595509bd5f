"""The decoders of the LoRaWAN side with valid inputs to start from, for the table of `decoders`."""

import json
from collections.abc import Callable
from contextlib import suppress

from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.at_radio.lines import LineReader
from skerry_firmware_bridge.basic_station.downlink import Downlinks
from skerry_firmware_bridge.basic_station.messages import read_frame, read_message
from skerry_firmware_bridge.basic_station.plan import datarates
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.hdlc import Deframer, frame
from skerry_firmware_bridge.gwmp.session import GwmpSession
from skerry_testing.gwmp import EUI, pull_data, push_data, rxpk, tx_ack
from skerry_wire.frames import TransmitRequest

__all__ = ["RADIO_DECODERS"]

_EU868 = datarates("EU868")
_STAT = {"time": "2026-11-20 10:15:00 GMT", "lati": 46.2, "long": 3.2, "alti": 145, "rxnb": 2, "ackr": 100.0}
_UPINFO = {"rctx": 0, "xtime": 40532396647106664, "gpstime": 0, "rssi": -35, "snr": 5.1}
_STATION = (
    {"msgtype": "updf", "MHdr": 64, "DevAddr": 1234, "FCtrl": 0, "FCnt": 5, "FOpts": "", "FPort": 1,
     "FRMPayload": "0102", "MIC": -5, "DR": 5, "Freq": 868100000, "upinfo": _UPINFO},
    {"msgtype": "jreq", "MHdr": 0, "JoinEui": "00-00-00-00-00-00-00-01", "DevEui": "1:2::3", "DevNonce": 7, "MIC": 9,
     "DR": 0, "Freq": 868300000, "upinfo": _UPINFO},
    {"msgtype": "dntxed", "diid": 1, "seqno": 1, "DR": 3, "Freq": 868100000, "DevEui": "::1", "rctx": 0,
     "xtime": 40532396647106664, "txtime": 1.5, "gpstime": 0},
)  # fmt: skip


_ANSWER = TransmitRequest(
    phy=b"x", frequency_hz=868_100_000, datarate="SF9BW125", power_dbm=14, inverted_polarity=True, tmst_us=1_123_456
)


def _gwmp(raw: bytes) -> None:
    GwmpSession(random_token=lambda: 1).receive(raw, ("127.0.0.1", 1), now_ns=0, wall_ns=0)


def _gwmp_serial(raw: bytes) -> None:
    for datagram in Deframer().feed(raw):
        _gwmp(datagram)


def _at_radio(raw: bytes) -> None:
    for line in LineReader().feed(raw):
        for dialect in DIALECTS.values():
            with suppress(FrameRejected):
                dialect().read(line)


def _station(raw: bytes) -> None:
    message = read_message(raw.decode("latin-1"))
    downlinks = Downlinks(_EU868)
    downlinks.heard(message, monotonic_ns=1)
    downlinks.order(_ANSWER, wall_ns=0, monotonic_ns=2)
    with suppress(FrameRejected):
        downlinks.confirmed(message)
    read_frame(message, datarates=_EU868, wall_ns=1, monotonic_ns=2, source="fuzz")


_DATAGRAMS = [
    push_data({"rxpk": [rxpk()], "stat": _STAT}),
    pull_data(),
    tx_ack(7, b'{"txpk_ack":{"error":"TOO_LATE"}}', eui=EUI),
]

RADIO_DECODERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "at radio": (
        _at_radio,
        [
            b"+TEST: LEN:4, RSSI:-60, SNR:9\r\n+TEST: RX \"40040302\"\r\n+TEST: TX DONE\r\n",
            b"+EVT:RXP2P:-60:9:40040302\r\n+EVT:TXP2P DONE\r\nOK\r\n",
            b"radio_rx  40040302\r\nradio_tx_ok\r\nok\r\n",
        ],
    ),
    "basic station": (_station, [json.dumps(message).encode() for message in _STATION]),
    "gwmp": (_gwmp, _DATAGRAMS),
    "gwmp serial": (_gwmp_serial, [frame(datagram) for datagram in _DATAGRAMS]),
}  # fmt: skip
