"""The hotspot signs, what it signed is read and shown, and only then its owner signs."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_simulate.devices.bluez import ADDRESS, FakeBluez
from skerry_simulate.devices.hotspot import EmulatedHotspot
from skerry_testing.bluez import emulated_bluez
from skerry_testing.cli import Ran, skerry
from skerry_testing.helium_server import owner_home
from skerry_testing.oracle import signer
from skerry_wire.gateway_txn import gateway_signed, read_gateway_txn

pytestmark = pytest.mark.debian
SCAN = ("--scan-s", "0.5")
OWNER, PAYER, STRANGER = (signer(name) for name in ("owner", "payer", "stranger"))  # `mine` has the owner's key


def address_of(key: Signer) -> str:
    return PublicKey.from_binary(key.public_key).address


ADD = ("add-gateway", ADDRESS, "--owner", "mine", "--payer", address_of(PAYER), *SCAN, "--json")
PLACE = ("assert-location", ADDRESS, "--lat", "40.5", "--lon", "-105.25", "--owner", "mine", "--nonce", "1", *SCAN)


@dataclass(frozen=True, slots=True)
class Home:
    folder: Path
    secret: list[str]

    async def run(self, *arguments: str) -> Ran:
        return await asyncio.to_thread(skerry, self.folder, "ble", *arguments)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder, _, secret = owner_home(tmp_path)
    return Home(folder, secret)


@pytest_asyncio.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with emulated_bluez(monkeypatch) as running:
        yield running


def offering(emulated: EmulatedHotspot, raw: bytes) -> None:
    """Let the hotspot hand over something else than it was asked for."""
    emulated.answers[Characteristic.ADD_GATEWAY] = [raw]


def test_a_dry_run_needs_no_bluetooth(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    shown = skerry(home.folder, "ble", *ADD).json
    assert (shown["committed"], shown["request"]["owner"]) == (False, address_of(OWNER))
    wrong = skerry(home.folder, "ble", "add-gateway", ADDRESS, "--owner", "nobody", "--payer", "mine", "--json")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "E_ADDRESS")


async def test_the_owner_signs_what_was_read_and_confirmed(home: Home, bluez: FakeBluez) -> None:
    ran = await home.run(*ADD, "--amount", "40", "--fee", "2", "--commit", "--yes", *home.secret)
    assert ran.code == 0, ran.err
    assert (ran.json["gateway"], ran.json["owner"]) == (bluez.hotspot.public_key, address_of(OWNER))
    assert ran.json["effects"] == [
        f"{address_of(OWNER)} becomes the owner of the hotspot {bluez.hotspot.public_key}.",
        f"{address_of(PAYER)} pays 40 DC and a fee of 2 DC.",
    ]
    txn = read_gateway_txn(base64.b64decode(ran.json["transaction"]))
    assert (txn.gateway_signature_valid, txn.owner_signature_valid, txn.payer_signature_valid) == (True, True, False)


async def test_without_confirmation_nothing_is_signed(home: Home, bluez: FakeBluez) -> None:
    ran = await home.run(*ADD, "--commit", *home.secret)
    assert (ran.code, ran.json["error"]["code"]) == (2, "E_CONFIRM")
    assert "becomes the owner" in ran.err


@pytest.mark.parametrize("answer", ["n\n", "y\n"])
async def test_a_person_is_asked_after_the_effects_were_shown(
    home: Home, bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("skerry_agent.cli.ble_transactions.sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: answer.strip())
    ran = await home.run(*ADD, "--commit", *home.secret)
    assert ran.code == (0 if answer == "y\n" else 130)
    assert "becomes the owner" in ran.err
    assert answer == "n\n" or ran.json["owner_signed"] is True


async def test_where_the_owners_key_is_not_the_hotspots_part_is_signed_later(
    home: Home, bluez: FakeBluez, tmp_path: Path
) -> None:
    elsewhere = Home(tmp_path / "elsewhere", [])
    named = (*ADD[:2], "--owner", address_of(OWNER), *ADD[4:])
    ran = await elsewhere.run(*named, "--commit")
    assert (ran.code, ran.json["owner_signed"]) == (0, False), ran.err
    file = tmp_path / "transaction"
    file.write_text(ran.json["transaction"] + "\n")
    dry = await home.run("sign", "mine", str(file), "--json")
    assert (dry.json["owner_signed"], dry.json["effects"]) == (False, ran.json["effects"])
    signed = await home.run("sign", "mine", str(file), "--commit", "--yes", *home.secret, "--json")
    assert (signed.code, signed.json["owner_signed"]) == (0, True)


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ("owner", "the owner is"),
        ("payer", "the payer is"),
        ("gateway", "the hotspot in it is"),
        ("amount", "DC instead of at most 0"),
        ("kind", "of the kind assert_location"),
    ],
)
async def test_what_was_not_asked_for_is_never_signed(home: Home, bluez: FakeBluez, what: str, word: str) -> None:
    raw = gateway_signed(
        "assert_location" if what == "kind" else "add_gateway",
        signer=STRANGER if what == "gateway" else bluez.hotspot.signer,
        owner=(STRANGER if what == "owner" else OWNER).public_key,
        payer=(STRANGER if what == "payer" else PAYER).public_key,
        staking_fee_dc=1 if what == "amount" else 0,
        location="8c2681a3064d9ff" if what == "kind" else "",
    )
    offering(bluez.hotspot, raw)
    ran = await home.run(*ADD, "--commit", "--yes", *home.secret)
    assert (ran.code, ran.json["error"]["code"]) == (5, "E_BLE_TRANSACTION")
    assert word in ran.json["error"]["detail"]


async def test_a_forged_signature_and_hidden_fields_are_refused(home: Home, bluez: FakeBluez) -> None:
    good = gateway_signed("add_gateway", signer=bluez.hotspot.signer, owner=OWNER.public_key, payer=PAYER.public_key)
    for raw, code in ((good[:-1] + bytes([good[-1] ^ 1]), 1), (good + b"\x78\x01", 1), (bytes(30), 1)):
        offering(bluez.hotspot, raw)
        ran = await home.run(*ADD, "--commit", "--yes", *home.secret)
        assert ran.json["error"]["code"] == "E_BLE_TRANSACTION"
        assert ran.code in (code, 5)


async def test_the_owners_spending_limits_hold(home: Home, bluez: FakeBluez) -> None:
    assert skerry(home.folder, "wallet", "limit", "DC", "--per-payment", "41").code == 0
    mine = ("add-gateway", ADDRESS, "--owner", "mine", "--payer", "mine", *SCAN, "--json", "--commit", "--yes")
    over = await home.run(*mine, "--amount", "40", "--fee", "2", *home.secret)
    assert (over.code, over.json["error"]["code"]) == (5, "E_SPENDING_LIMIT")
    within = await home.run(*mine, "--amount", "40", "--fee", "1", *home.secret)
    assert within.json["effects"][1] == "The owner pays 40 DC and a fee of 1 DC."
    assert (within.json["owner_signed"], within.json["payer_signed"]) == (True, True)


async def test_current_firmware_refuses_a_location(home: Home, bluez: FakeBluez) -> None:
    shown = await home.run(*PLACE, "--json")
    assert (shown.code, shown.json["request"]["lat"], shown.json["committed"]) == (0, 40.5, False)
    refused = await home.run(*PLACE, "--commit", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "E_BLE_ANSWER")
    assert "does not do this any more" in refused.json["error"]["detail"]


async def test_older_firmware_signs_a_location_and_so_does_the_owner(home: Home, bluez: FakeBluez) -> None:
    bluez.hotspot.signs_locations = True
    ran = await home.run(*PLACE, "--commit", "--yes", *home.secret, "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["kind"], ran.json["nonce"], ran.json["owner_signed"]) == ("assert_location", 1, True)
    assert "at about 40.500" in ran.json["effects"][0]


async def test_another_place_than_was_asked_for_is_refused(home: Home, bluez: FakeBluez) -> None:
    raw = gateway_signed(
        "assert_location", signer=bluez.hotspot.signer, owner=OWNER.public_key, location="8c2681a3064d9ff", nonce=1
    )
    bluez.hotspot.answers[Characteristic.ASSERT_LOCATION] = [raw]
    ran = await home.run(*PLACE, "--commit", "--yes", *home.secret, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (5, "E_BLE_TRANSACTION")
    assert "the cell is" in ran.json["error"]["detail"]


def test_a_transaction_of_another_owner_is_not_signed(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "transaction"
    raw = gateway_signed("add_gateway", signer=STRANGER, owner=STRANGER.public_key)
    file.write_bytes(base64.b64encode(raw))
    ran = skerry(home.folder, "ble", "sign", "mine", str(file), "--commit", "--yes", *home.secret, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (5, "E_BLE_TRANSACTION")
    raw = gateway_signed("assert_location", signer=STRANGER, owner=OWNER.public_key, location="\x1b[2Jhere")
    file.write_bytes(base64.b64encode(raw))
    hidden = skerry(home.folder, "ble", "sign", "mine", str(file), "--commit", "--yes", *home.secret, "--json")
    assert (hidden.code, hidden.json["error"]["code"]) == (1, "E_BLE_TRANSACTION")
    assert "\x1b" not in hidden.err
    file.write_text("no base64!")
    assert skerry(home.folder, "ble", "sign", "mine", str(file), "--json").json["error"]["code"] == "E_TX_FILE"
