"""The radios that the settings name are read, or refused with the words to write."""

import pytest

from skerry_agent.runtime.radio_settings import gateway_pins, listen_address, radio_settings, serial_radio
from skerry_agent.settings import load
from skerry_core.errors import UsageError

EUI = "aa555a0000000001"


def test_settings_are_read_and_refused_with_the_words_to_write() -> None:
    assert serial_radio("wio-e5:/dev/ttyUSB0").device_id == "wio-e5:/dev/ttyUSB0"
    pins = gateway_pins((f"{EUI}@192.0.2.7", "aa555a0000000002@2001:db8::0001"))
    assert pins == {bytes.fromhex(EUI): "192.0.2.7", bytes.fromhex("aa555a0000000002"): "2001:db8::1"}
    for text in ("", "wio-e5", "wio-e5:", "toaster:/dev/x"):
        with pytest.raises(UsageError, match="E_SERIAL_RADIO"):
            serial_radio(text)
    for texts in (("nonsense",), (EUI,), (f"{EUI}@roof",), ("aa@192.0.2.7",), (f"{EUI}@192.0.2.7",) * 2):
        with pytest.raises(UsageError, match="E_GWMP_PIN"):
            gateway_pins(texts)
    assert listen_address("gwmp.listen", "[::1]:1680") == ("::1", 1680)
    for listen in ("1680", "127.0.0.1", "127.0.0.1:x", ":1680", "127.0.0.1:99999"):
        with pytest.raises(UsageError, match="E_LISTEN"):
            radio_settings(load(file=None, environ={}, flags={"gwmp.listen": listen}))
    for region in ("", "EU433"):
        with pytest.raises(UsageError, match="E_STATION_REGION"):
            radio_settings(load(file=None, environ={}, flags={"station.listen": "[::1]:0", "hotspot.region": region}))
