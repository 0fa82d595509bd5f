"""Onboarding, assertions and changes of recipient: fees said before signing, rules kept, bytes as they were shown."""

from pathlib import Path

import pytest

from skerry_testing.cli import Ran, skerry
from skerry_testing.helium_server import ENTITY_KEYS, HeliumServer, owner_home, serving
from skerry_testing.wallet import address_of
from skerry_wallet.helium import idl
from skerry_wallet.helium.constants import MINTS
from skerry_wallet.helium.transaction_decode import decode_transaction

CELL, CELL_BEFORE = "8c19288866017ff", "8c19288866015ff"
HOTSPOT = ENTITY_KEYS[1]


@pytest.fixture
def wallet(tmp_path: Path) -> tuple[Path, str, list[str]]:
    return owner_home(tmp_path)


def ask(wallet: tuple[Path, str, list[str]], server: HeliumServer, verb: str, *more: str, commit: bool = False) -> Ran:
    home, _, secret = wallet
    options = ["--commit", *secret] if commit else []
    return skerry(
        home, "wallet", "helium", verb, "mine", HOTSPOT, *more, "--cluster", server.url, *options, "--json"
    )  # fmt: skip


def arguments(raw: bytes) -> dict[str, object]:
    """Return the name and the arguments of the last instruction."""
    decoded = decode_transaction(raw)
    last = decoded.instructions[-1]
    read = idl.decode_instruction(decoded.program_of(last) or "", last.data)
    return {"instruction": read.instruction, **read.args}


def test_onboarding_says_its_fees_and_sends_what_was_shown(wallet: tuple[Path, str, list[str]]) -> None:
    server = HeliumServer(owner=wallet[1], dc=110_000)
    with serving(server):
        dry = ask(wallet, server, "onboard", "--location", CELL, "--gain", "12")
        sent = ask(wallet, server, "onboard", "--location", CELL, "--gain", "12", commit=True)
        text = skerry(wallet[0], "wallet", "helium", "onboard", "mine", HOTSPOT, "--cluster", server.url)
    assert dry.code == 0, dry.err
    assert (dry.json["facts"]["onboarding_dc"], dry.json["facts"]["location_dc"]) == (60_000, 50_000)
    assert dry.json["paid"] == {MINTS["dc"]: "110000"}
    assert (dry.json["simulation"], dry.json["committed"]) == ("ok", False)
    assert sent.json["state"] == "final"
    (raw,) = server.sent
    found = arguments(raw)
    assert found["instruction"] == "onboard_data_only_iot_hotspot_v0"
    assert (found["location"], found["elevation"], found["gain"]) == (int(CELL, 16), None, 12)
    assert "onboarding dc: 60000" in text.out


def test_too_few_data_credits_and_an_onboarded_hotspot_are_said_first(wallet: tuple[Path, str, list[str]]) -> None:
    server = HeliumServer(owner=wallet[1], dc=59_999)
    with serving(server):
        poor = ask(wallet, server, "onboard")
        server.onboarded[HOTSPOT] = None
        twice = ask(wallet, server, "onboard")
        gain = ask(wallet, server, "assert", "--gain", "200")
        nothing = ask(wallet, server, "assert")
    assert poor.json["error"]["code"] == "E_INSUFFICIENT_FUNDS"
    assert twice.json["error"]["code"] == "E_HOTSPOT_ONBOARDED"
    assert gain.json["error"]["code"] == "E_GAIN"
    assert nothing.json["error"]["code"] == "E_ASSERT_NOTHING"
    assert server.sent == []


def test_an_unchanged_location_is_free_and_a_changed_one_counts_against_the_limit(
    wallet: tuple[Path, str, list[str]],
) -> None:
    server = HeliumServer(owner=wallet[1], dc=50_000, onboarded={HOTSPOT: int(CELL_BEFORE, 16)})
    with serving(server):
        same = ask(wallet, server, "assert", "--location", CELL_BEFORE, "--elevation", "9")
        moved = ask(wallet, server, "assert", "--location", CELL)
        skerry(wallet[0], "wallet", "limit", "DC", "--per-payment", "49999")
        limited = ask(wallet, server, "assert", "--location", CELL, commit=True)
    assert (same.json["facts"]["location_dc"], same.json["paid"]) == (0, {})
    assert moved.json["facts"]["location_before"] == CELL_BEFORE
    assert moved.json["paid"] == {MINTS["dc"]: "50000"}
    assert limited.json["error"]["code"] == "E_SPENDING_LIMIT"
    assert server.sent == []


def test_a_new_recipient_is_warned_of_and_bound_by_the_list_of_destinations(
    wallet: tuple[Path, str, list[str]],
) -> None:
    friend = address_of("friend")
    server = HeliumServer(owner=wallet[1])
    with serving(server):
        dry = ask(wallet, server, "recipient", friend)
        skerry(wallet[0], "wallet", "allow", "--only")
        stranger = ask(wallet, server, "recipient", friend, commit=True)
        back = ask(wallet, server, "recipient", "--owner", commit=True)
        neither = ask(wallet, server, "recipient")
    codes = {one["code"] for one in dry.json["warnings"]}
    assert {"reward_destination_changed", "receiver_never_used", "receiver_new_to_you"} <= codes
    assert dry.json["destinations"] == [friend]
    assert dry.json["rent_lamports"] == 2_422_080  # the recipient account is made on the way
    assert stranger.json["error"]["code"] == "E_SPENDING_DESTINATION"
    assert back.json["state"] == "final"
    assert back.json["facts"]["destination"] == wallet[1]
    assert neither.json["error"]["code"] == "E_RECIPIENT"
    (raw,) = server.sent
    assert arguments(raw)["instruction"] == "update_compression_destination_v0"


def test_a_hotspot_of_somebody_else_and_a_wrong_cell_are_refused(wallet: tuple[Path, str, list[str]]) -> None:
    server = HeliumServer(owner=address_of("somebody else"))
    with serving(server):
        foreign = ask(wallet, server, "recipient", address_of("friend"))
        cell = ask(wallet, server, "assert", "--location", "8b19288866017ff")
    assert foreign.json["error"]["code"] == "E_HOTSPOT_UNKNOWN"
    assert cell.json["error"]["code"] == "E_LOCATION"
