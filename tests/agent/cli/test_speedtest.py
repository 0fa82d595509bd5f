"""`skerry devices speedtest` against a plain HTTP server on the loopback address."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from skerry_testing.cli import skerry


class Answers(BaseHTTPRequestHandler):
    """What the speed test expects of its server; counts what it moved."""

    protocol_version = "HTTP/1.1"
    moved = 0

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        size = int(self.path.partition("bytes=")[2])
        Answers.moved += size
        self._answer(bytes(size))

    def do_POST(self) -> None:
        while size := int(self.rfile.readline(), 16):  # the upload is chunked
            Answers.moved += len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        self._answer(b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def url() -> Iterator[str]:
    Answers.moved = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_both_directions_are_measured_within_the_budget_and_progress_is_told(url: str) -> None:
    ran = skerry(None, "devices", "speedtest", url, "--budget-mb", "2", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["bytes_used"] == Answers.moved == 2_000_000
    assert ran.json["download_bytes_s"] > 0
    assert ran.json["upload_bytes_s"] > 0
    tenths = [int(found) for found in re.findall(r"speed test: +(\d+)%", ran.err)]
    assert tenths == sorted(tenths)
    assert tenths[-1] == 100
    text = skerry(None, "devices", "speedtest", url, "--budget-mb", "1").out
    assert "Mbit/s" in text
    assert "1.0 MB of 1 MB" in text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "no address", "ftp://127.0.0.1/"])
def test_a_server_that_cannot_be_reached_is_an_error_and_no_number(url: str) -> None:
    ran = skerry(None, "devices", "speedtest", url, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "E_SPEED_TEST")


def test_a_budget_of_nothing_is_a_mistake(url: str) -> None:
    assert skerry(None, "devices", "speedtest", url, "--budget-mb", "0").code == 2
    assert Answers.moved == 0
