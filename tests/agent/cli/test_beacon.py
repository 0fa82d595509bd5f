"""`skerry beacon now`: a dry run unless --commit."""

from pathlib import Path

from skerry_testing.api import FakeBeacons, Served
from skerry_testing.cli import running_agent, skerry


def test_it_shows_what_would_be_sent_and_sends_with_commit_only(tmp_path: Path) -> None:
    beacons = FakeBeacons()

    async def prepare(served: Served) -> None:
        served.server.serve_beacons(beacons)

    with running_agent(tmp_path, prepare=prepare):
        dry = skerry(tmp_path, "beacon", "now")
        assert (dry.code, beacons.sent) == (0, 0)
        assert "868.100 MHz, SF12BW125" in dry.out
        assert "14 dBm at the radio, 15.2 dBm EIRP (at most 16.0 dBm)" in dry.out
        assert "33698 ms of 36000 ms are left" in dry.out
        assert "Nothing was sent" in dry.out
        sent = skerry(tmp_path, "beacon", "now", "--commit", "--json")
        assert (sent.code, sent.json["beacon"], beacons.sent) == (0, "b9", 1)
        beacons.refusal = "E_TX_DUTY"
        dry = skerry(tmp_path, "beacon", "now")
        assert (dry.code, "It would not be sent: Too much. (E_TX_DUTY)" in dry.out) == (5, True)
        refused = skerry(tmp_path, "beacon", "now", "--commit", "--json")
        assert (refused.code, refused.json["error"]["code"], beacons.sent) == (5, "E_TX_DUTY", 1)
