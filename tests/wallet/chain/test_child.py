"""The chain process's loop over a socket, in this process: every method, every kind of refusal, group commit."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skerry_testing.wallet import NETWORK, START_S, signer
from skerry_wallet.address import signature_bytes, signature_text
from skerry_wallet.chain.__main__ import main
from skerry_wallet.chain.child import run
from skerry_wallet.chain.protocol import FrameBuffer, encode_frame
from skerry_wallet.programs import transfer_lamports
from skerry_wallet.transaction import compile_message, sign_message, signer_key

NOW_MS = START_S * 1000
PAYER_KEY = signer_key(signer("payer"))


class Agent:
    """The other end of the socket."""

    def __init__(self, directory: Path) -> None:
        self.ours, theirs = socket.socketpair()
        self.ours.settimeout(20)
        self.codes: list[int] = []
        self._theirs = theirs
        self._buffer = FrameBuffer()
        descriptor = theirs.fileno()
        self.thread = threading.Thread(
            target=lambda: self.codes.append(run(directory, descriptor_in=descriptor, descriptor_out=descriptor))
        )
        self.thread.start()

    def ask_all(self, *requests: tuple[str, Any]) -> list[list[Any]]:
        frames = [encode_frame([number, method, what, NOW_MS]) for number, (method, what) in enumerate(requests)]
        self.ours.sendall(b"".join(frames))
        answers: list[list[Any]] = []
        while len(answers) < len(requests):
            answers += self._buffer.feed(self.ours.recv(1 << 16))
        assert [answer[0] for answer in answers] == list(range(len(requests)))
        return answers

    def ask(self, method: str, what: Any = None) -> Any:
        ((_, problem, value),) = self.ask_all((method, what))
        assert problem is None, problem
        return value

    def close(self) -> None:
        self.ours.close()
        self.thread.join(20)
        self._theirs.close()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    opened = Agent(tmp_path)
    yield opened
    opened.close()


def test_every_method_answers(agent: Agent) -> None:
    genesis = agent.ask("open", NETWORK)
    assert agent.ask("genesis") == [genesis, 0]
    airdrop = signature_bytes(agent.ask("airdrop", [PAYER_KEY, 10**9]))
    blockhash, last_valid = agent.ask("blockhash")
    assert last_valid == 150
    call = transfer_lamports(source=PAYER_KEY, target=b"t" * 32, lamports=1_000_000)
    raw = sign_message(compile_message(PAYER_KEY, [call], blockhash), [signer("payer")])
    assert agent.ask("simulate", raw)[0] is None
    sent, status, repeated = agent.ask_all(("send", raw), ("statuses", [raw[1:65], b"\0" * 64]), ("send", raw))
    assert status[2] == [[0, None], None]  # the question in the same batch sees it, and it is durable
    assert repeated[1][:2] == ["rejected", "AlreadyProcessed"]
    landed, slot, at_s, error, fee, keys, before, after = agent.ask("landing", raw[1:65])
    assert (landed, slot, at_s, error, fee) == (raw, 0, NOW_MS // 1000, None, 5_000)
    assert dict(zip(keys, before, strict=True))[PAYER_KEY] == 10**9
    assert dict(zip(keys, after, strict=True))[PAYER_KEY] == 10**9 - 1_005_000
    assert agent.ask("landing", b"\0" * 64) is None
    assert agent.ask("history", [b"t" * 32, 5, None]) == [sent[2]]
    assert agent.ask("history", [PAYER_KEY, 5, raw[1:65]]) == [signature_text(airdrop)]
    assert agent.ask("history", [PAYER_KEY, 5, b"\0" * 64]) == []
    assert agent.ask("rent", 165) == 2_039_280
    assert agent.ask("accounts", [b"t" * 32, b"x" * 32])[1] is None
    assert agent.ask("statuses", [airdrop]) == [[0, None]]


def test_refusals_carry_code_and_remedy(agent: Agent, tmp_path: Path) -> None:
    agent.ask("open", NETWORK)
    other = Agent(tmp_path)
    try:
        agent.close()  # its lock goes, so the other may open, but not as another network
        ((_, problem, _),) = other.ask_all(("open", "another"))
        kind, code, (detail, remedy) = problem
        assert (kind, code) == ("failed", "E_CHAIN_NETWORK")
        assert detail
        assert remedy
    finally:
        other.close()


def test_a_foreign_protocol_ends_the_process_with_an_error(agent: Agent) -> None:
    agent.ours.sendall(b"GET / HTTP/1.1\r\n\r\n")
    agent.thread.join(20)
    assert agent.codes == [2]


def test_a_closed_socket_is_a_good_end(agent: Agent) -> None:
    agent.ask("open", NETWORK)
    agent.close()
    assert agent.codes == [0]


def test_the_command_needs_a_directory(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])
    assert "--dir" in capsys.readouterr().err
