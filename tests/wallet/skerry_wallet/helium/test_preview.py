import dataclasses

import pytest

from skerry_keys import SoftwareSigner
from skerry_wallet.helium import constants, idl, native
from skerry_wallet.helium.address import to_raw, to_text
from skerry_wallet.helium.addresses import ata
from skerry_wallet.helium.instruction import Instruction
from skerry_wallet.helium.preview import AccountState, BalanceChange, Preview, Severity, SimulatedStates, preview
from skerry_wallet.helium.transaction import compile_message, sign_message
from skerry_wallet.helium.transaction_decode import decode_transaction

SIGNER = SoftwareSigner.from_seed(bytes([1]) * 32)
WALLET = to_text(SIGNER.public_key[1:])
OTHER = "9hSR6S7WPtxmTojgo6GG3k4yDPecgJY292j7xrsUGWBu"
BLOCKHASH = "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"
HNT = constants.MINTS["hnt"]
TOKEN_ACCOUNT = ata(WALLET, token="hnt").address
TRANSFER = native.transfer_checked(owner=WALLET, to=OTHER, token="hnt", amount=5)


def sol(lamports: int, owner: str = constants.SYSTEM_PROGRAM) -> AccountState:
    return AccountState(owner=owner, lamports=lamports, data=b"")


def tokens(amount: int, *, owner: str = WALLET, delegate: str | None = None) -> AccountState:
    option = b"\x01\x00\x00\x00" + to_raw(delegate) if delegate else bytes(36)
    data = (to_raw(HNT) + to_raw(owner) + amount.to_bytes(8, "little") + option).ljust(165, b"\x00")
    return AccountState(owner=constants.TOKEN_PROGRAM, lamports=2_039_280, data=data)


def shown(instruction: Instruction, simulated: SimulatedStates | None, *writable: str) -> Preview:
    compiled = compile_message(payer=WALLET, instructions=[instruction], blockhash=BLOCKHASH)
    decoded = decode_transaction(sign_message(compiled, [SIGNER]).transaction)
    return preview(decoded, wallet=WALLET, writable=writable, simulated=simulated)


def codes(result: Preview) -> list[tuple[str, Severity]]:
    return [(warning.code, warning.severity) for warning in result.warnings]


def test_a_plain_transfer_shows_its_step_and_changes_and_no_warning() -> None:
    states = SimulatedStates(
        error=None,
        before={WALLET: sol(10_000), TOKEN_ACCOUNT: tokens(9)},
        after={WALLET: sol(5_000), TOKEN_ACCOUNT: tokens(4)},
    )
    result = shown(TRANSFER, states, WALLET, TOKEN_ACCOUNT)
    assert codes(result) == []
    assert set(result.changes) == {BalanceChange(mint=None, amount=-5_000), BalanceChange(mint=HNT, amount=-5)}
    assert [step.program for step in result.steps] == ["spl_token"]


def test_a_failed_or_impossible_simulation_is_said() -> None:
    assert codes(shown(TRANSFER, None)) == [("not_simulated", Severity.WARNING)]
    failed = SimulatedStates(error="BlockhashNotFound", before={}, after={})
    assert codes(shown(TRANSFER, failed)) == [("simulation_failed", Severity.CRITICAL)]


@pytest.mark.parametrize(
    ("program", "name", "code", "severity"),
    [
        ("voter_stake_registry", "ledger_transfer_position_v0", "position_transfer", Severity.CRITICAL),
        ("lazy_distributor", "update_destination_v0", "reward_destination_changed", Severity.WARNING),
    ],
)
def test_dangerous_helium_calls_are_named(program: str, name: str, code: str, severity: Severity) -> None:
    data = idl.encode_instruction(program, name, {})
    result = shown(Instruction(program=idl.program_id(program), data=data), None)
    assert (code, severity) in codes(result)
    assert (result.steps[0].program, result.steps[0].instruction) == (program, name)


def test_a_hotspot_burn_is_critical() -> None:
    burn = Instruction(program=constants.BUBBLEGUM_PROGRAM, data=idl.discriminator("global", "burn") + bytes(108))
    assert ("hotspot_burn", Severity.CRITICAL) in codes(shown(burn, None))


def test_changes_of_ownership_and_delegates_are_found_in_the_simulated_states() -> None:
    states = SimulatedStates(
        error=None,
        before={WALLET: sol(10), TOKEN_ACCOUNT: tokens(9), OTHER: tokens(1)},
        after={WALLET: sol(10, owner=OTHER), TOKEN_ACCOUNT: tokens(9, owner=OTHER), OTHER: tokens(1, delegate=OTHER)},
    )
    found = dict(codes(shown(TRANSFER, states, WALLET, TOKEN_ACCOUNT, OTHER)))
    assert found["wallet_owner_changed"] is Severity.CRITICAL
    assert found["token_owner_changed"] is Severity.WARNING
    assert found["token_delegate_set"] is Severity.WARNING


def test_untouched_writable_accounts_and_many_token_accounts_are_suspicious() -> None:
    accounts = [to_text(bytes([number]) * 32) for number in range(1, 4)]
    before: dict[str, AccountState | None] = {address: tokens(9) for address in accounts}
    states = SimulatedStates(error=None, before=before, after=before)
    result = shown(TRANSFER, states, *accounts)
    assert [code for code, _ in codes(result)] == ["writable_unchanged"] * 3 + ["many_token_accounts"]


def test_an_unknown_program_is_shown_by_its_address() -> None:
    step = shown(Instruction(program=OTHER, data=b"abc"), None).steps[0]
    assert (step.program, step.instruction, step.data_size) == (OTHER, None, 3)
    assert dataclasses.asdict(step)["args"] == {}
