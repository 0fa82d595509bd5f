"""Basic Stations: frames put together again, the channel plan, and the conversation over a real websocket."""

import json
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.basic_station.messages import read_eui, read_frame, read_message, read_version
from skerry_firmware_bridge.basic_station.plan import datarates, listens_first, router_config
from skerry_firmware_bridge.basic_station.server import BasicStationServer
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.radio import DeviceEvent, DeviceTrouble, FrameHeard, StateChanged, StatusReported
from skerry_radio.errors import UnknownRegion
from skerry_radio.regions import region_limits, region_params
from skerry_simulate.station_frames import taken_apart
from skerry_wire.frames import ReceivedFrame

EU868 = datarates("EU868")
LIMIT_S = 60.0
UPINFO = {"rctx": 0, "xtime": 0x0001_0000_0012_3456, "gpstime": 0, "fts": -1, "rssi": -50, "snr": 9.5, "rxtime": 1.5}
BEACON = "E0" + "11" * 51


def uplink(**members: Any) -> dict[str, Any]:
    return {"DR": 0, "Freq": 868_100_000, "RefTime": 0.0, "upinfo": UPINFO} | members


def read(message: dict[str, Any]) -> ReceivedFrame | None:
    return read_frame(message, datarates=EU868, wall_ns=1, monotonic_ns=2, source="websocket 127.0.0.1")


@given(
    options=st.binary(max_size=15),
    rest=st.binary(max_size=40),
    head=st.binary(min_size=7, max_size=7),
    mic=st.binary(min_size=4, max_size=4),
)
def test_a_data_frame_comes_out_as_it_was_on_the_air(options: bytes, rest: bytes, head: bytes, mic: bytes) -> None:
    control = bytes((head[4] & 0xF0 | len(options),))
    phy = b"\x40" + head[:4] + control + head[5:7] + options + rest + mic
    parts = taken_apart(phy)
    assert parts is not None
    frame = read(uplink(**parts))
    assert frame is not None
    assert frame.phy == phy


def test_a_join_request_comes_out_as_it_was_on_the_air() -> None:
    message = uplink(
        msgtype="jreq",
        MHdr=0,
        JoinEui="01-02-03-04-05-06-07-08",
        DevEui="11-12-13-14-15-16-17-18",
        DevNonce=0xABCD,
        MIC=-2,
    )
    frame = read(message)
    assert frame is not None
    assert frame.phy.hex() == "00" + "0807060504030201" + "1817161514131211" + "cdab" + "feffffff"


def test_a_beacon_is_heard_with_its_signal() -> None:
    frame = read(uplink(msgtype="propdf", FRMPayload=BEACON))
    assert frame is not None
    assert frame.phy == bytes.fromhex(BEACON)
    assert (frame.datarate, frame.rssi_dbm, frame.snr_db, frame.tmst_us) == ("SF12BW125", -50, 9.5, 0x0012_3456)


@pytest.mark.parametrize(
    "message",
    [
        uplink(msgtype="propdf", FRMPayload="XX"),
        uplink(msgtype="propdf", FRMPayload=BEACON, DR=16),
        uplink(msgtype="propdf", FRMPayload=BEACON, Freq="868.1"),
        uplink(msgtype="propdf", FRMPayload=BEACON, upinfo=None),
        uplink(msgtype="propdf", FRMPayload=BEACON, upinfo=UPINFO | {"snr": None}),
        uplink(msgtype="jreq", MHdr=0, JoinEui="x", DevEui="y", DevNonce=1, MIC=1),
        uplink(msgtype="updf", MHdr=64, DevAddr=1, FCtrl=1, FCnt=1, FOpts="", FPort=-1, MIC=1),
    ],
)
def test_what_cannot_be_put_together_is_rejected(message: dict[str, Any]) -> None:
    with pytest.raises(FrameRejected):
        read(message)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "0000000000000001"),
        ("AA-55-5A-00-00-00-00-01", "aa555a0000000001"),
        ("aa555a0000000001", "aa555a0000000001"),
        ("aa55:5a00::1", "aa555a0000000001"),
        ("::1", "0000000000000001"),
        ("1::", "0001000000000000"),
    ],
)
def test_every_way_of_writing_an_eui_is_read(value: object, expected: str) -> None:
    assert read_eui(value).hex() == expected


@pytest.mark.parametrize("value", [None, True, -1, 1 << 64, "", "1:2:3", "1:2:3:4:5", "zz::1", "1::2::3", 1.5])
def test_what_is_no_eui_is_rejected(value: object) -> None:
    with pytest.raises(FrameRejected):
        read_eui(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(uplink())), inner, max_size=4),
    max_leaves=8,
)
NAMES = [*uplink(), "MHdr", "DevAddr", "FCtrl", "FCnt", "FOpts", "FPort", "FRMPayload", "MIC", "JoinEui", "DevEui"]


@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(["updf", "jreq", "propdf", "x"]), members=st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_message_is_read_or_rejected(kind: str, members: dict[str, Any]) -> None:
    try:
        read(uplink(msgtype=kind) | members)
    except FrameRejected:
        return


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_rejected(text: str) -> None:
    try:
        read_message(text)
    except FrameRejected as error:
        assert error.reason in {"invalid_json"}  # noqa: PT017


@pytest.mark.parametrize(
    "region", ["EU868", "US915", "AU915", "AU915_SB1", "AS923_1", "AS923_2", "IN865", "KR920", "RU864", "CN470"]
)
def test_every_published_channel_is_in_the_plan(region: str) -> None:
    config = router_config(region, wall_ns=0)
    (concentrator,) = config["sx1301_conf"]
    heard = [
        concentrator[f"radio_{channel['radio']}"]["freq"] + channel["if"]
        for number in range(8)
        if (channel := concentrator[f"chan_multiSF_{number}"])["enable"]
    ]
    assert heard == sorted(region_params(region).channels_hz)
    assert all(abs(concentrator[f"chan_multiSF_{number}"].get("if", 0)) <= 400_000 for number in range(8))
    assert len(config["DRs"]) == 16
    assert config["max_eirp"] * 10 == region_limits(region).max_eirp_ddbm
    assert not {"nocca", "nodc", "nodwell"} & config.keys()
    assert config["region"] in {"EU863", "US902", "AU915", "AS923-1", "KR920"}, "station 2.0.6 would send nothing"


@pytest.mark.parametrize(
    ("region", "version", "listens"),
    [
        ("KR920", "2.0.6(linux/testsim)", True),
        ("KR920", "2.0.6(corecell/std)", False),
        ("KR920", "2.0.6(unknown/std)", False),
        ("KR920", None, False),
        ("EU868", "2.0.6(linux/std)", False),
    ],
)
def test_only_a_build_with_the_hardware_for_it_listens_before_it_sends(
    region: str, version: str | None, listens: bool
) -> None:
    assert listens_first(region, version) is listens


@pytest.mark.parametrize(
    ("region", "channel"),
    [
        ("EU868", (868_300_000, 250_000, 7)),
        ("US915", (904_600_000, 500_000, 8)),
        ("AU915_SB1", (915_900_000, 500_000, 8)),
    ],
)
def test_the_channel_of_another_bandwidth_is_in_reach_of_its_radio(region: str, channel: tuple[int, int, int]) -> None:
    (concentrator,) = router_config(region, wall_ns=0)["sx1301_conf"]
    standard = concentrator["chan_Lora_std"]
    assert abs(standard["if"]) <= 300_000
    at_hz = concentrator[f"radio_{standard['radio']}"]["freq"] + standard["if"]
    assert (at_hz, standard["bandwidth"], standard["spread_factor"]) == channel


def test_a_region_without_limits_has_no_plan() -> None:
    with pytest.raises(UnknownRegion):
        router_config("MARS", wall_ns=0)


async def test_whether_a_station_listens_is_known_from_its_version_on() -> None:
    async with (
        BasicStationServer(clock=SystemClock(), sink=lambda event: None, region="KR920", port=0) as server,
        aiohttp.ClientSession() as client,
        io_timeout(LIMIT_S),
        client.ws_connect(f"http://{server.address[0]}:{server.address[1]}/traffic/aa555a0000000001") as station,
    ):
        before = server.radio(bytes.fromhex("aa555a0000000001"))
        assert not before.traits.has_lbt
        await station.send_str(json.dumps({"msgtype": "version", "station": "2.0.6(rpi/std)"}))
        await station.receive_str()
        assert before.traits.has_lbt
        assert server.radio(bytes.fromhex("aa555a0000000001")).traits == before.traits


async def test_a_station_is_told_where_to_go_and_is_heard() -> None:
    events: list[DeviceEvent] = []
    async with (
        BasicStationServer(clock=SystemClock(), sink=events.append, region="EU868", port=0) as server,
        aiohttp.ClientSession() as client,
        io_timeout(LIMIT_S),
    ):
        base = f"http://{server.address[0]}:{server.address[1]}"
        async with client.ws_connect(f"{base}/router-info") as asking:
            await asking.send_str(json.dumps({"router": "aa55:5a00::1"}))
            told = json.loads(await asking.receive_str())
        assert told["uri"].endswith("/traffic/aa555a0000000001")
        async with client.ws_connect(told["uri"]) as station:
            await station.send_str(json.dumps({"msgtype": "version", "station": "2.0.6", "protocol": 2}))
            assert json.loads(await station.receive_str())["msgtype"] == "router_config"
            await station.send_str("not json")
            await station.send_bytes(b"x")
            await station.send_str(json.dumps(uplink(msgtype="propdf", FRMPayload=BEACON)))
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await client.ws_connect(told["uri"])
            await station.send_str(json.dumps({"msgtype": "timesync", "txtime": 7}))
            assert json.loads(await station.receive_str())["txtime"] == 7
    told = [event.code for event in events if isinstance(event, DeviceTrouble)]
    assert told == ["invalid_json", "second_source"]
    others = [type(event) for event in events if not isinstance(event, DeviceTrouble)]
    assert others == [StateChanged, StatusReported, FrameHeard, StateChanged]
    assert server.counts == {"invalid_json": 1, "no_text": 1, "frames": 1, "second_source": 1}


async def test_a_station_without_an_eui_is_refused_and_told_once() -> None:
    events: list[DeviceEvent] = []
    async with (
        BasicStationServer(clock=SystemClock(), sink=events.append, region="EU868", port=0) as server,
        aiohttp.ClientSession() as client,
        io_timeout(LIMIT_S),
    ):
        for _ in range(2):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await client.ws_connect(f"http://{server.address[0]}:{server.address[1]}/traffic/{'0' * 16}")
    (trouble,) = events
    assert isinstance(trouble, DeviceTrouble)
    assert (trouble.code, "routerid" in trouble.detail) == ("zero_eui", True)


def test_a_station_says_only_what_belongs_to_its_version() -> None:
    said = {"station": "2.0.6(rpi/std)", "protocol": 2, "features": "rmtsh gps", "model": "x" * 500, "os": "\x1b[2J"}
    said |= {"firmware": 10**400, "package": True, "radio_condition": "deaf", "msgtype": "version"}
    assert read_version(said) == {"station": "2.0.6(rpi/std)", "protocol": 2, "features": "rmtsh gps"}


async def test_who_asks_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_firmware_bridge.basic_station.server.ASK_S", 0.05)
    async with (
        BasicStationServer(clock=SystemClock(), sink=lambda event: None, region="EU868", port=0) as server,
        aiohttp.ClientSession() as client,
        io_timeout(LIMIT_S),
        client.ws_connect(f"http://{server.address[0]}:{server.address[1]}/router-info") as asking,
    ):
        assert (await asking.receive()).type is aiohttp.WSMsgType.CLOSE
        assert server.counts == {"no_question": 1}


async def test_an_unreadable_router_is_told_why() -> None:
    async with (
        BasicStationServer(clock=SystemClock(), sink=lambda event: None, region="EU868", port=0) as server,
        aiohttp.ClientSession() as client,
        io_timeout(LIMIT_S),
        client.ws_connect(f"http://{server.address[0]}:{server.address[1]}/router-info") as asking,
    ):
        await asking.send_str(json.dumps({"router": "?"}))
        assert "error" in json.loads(await asking.receive_str())
