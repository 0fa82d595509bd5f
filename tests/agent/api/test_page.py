import base64
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest

from skerry_agent.api.view import DeviceState
from skerry_agent.store import DeviceRow
from skerry_testing.api import Served, fill, serve_api

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def basic(token: str, name: str = "me") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()}


async def fetch(served: Served, headers: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    async with aiohttp.ClientSession() as session, session.get(served.server.address + "/", headers=headers) as answer:
        return answer.status, await answer.text(), dict(answer.headers)


class Text(HTMLParser):
    """Collects the page's words and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.tags = "", set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name in ("src", "href", "onload", "onclick") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words += data + "\n"


async def test_the_page_shows_the_state_and_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        status, html, headers = await fetch(served, basic(served.token))
        assert status == 200
        text = Text()
        text.feed(html)
        for words in ("No operator is set: nothing will be paid.", "● up", "roof", "too_close", "p3", "skerry doctor"):
            assert words in text.words, words
        assert not text.tags & {"script", "img", "link", "iframe", "form"}
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert "Test tokens" not in html
        served.view.test_tokens = True
        assert "Test tokens only: worthless." in (await fetch(served, basic(served.token)))[1]


async def test_a_browser_is_asked_for_the_token(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        status, _, headers = await fetch(served, {})
        assert (status, headers["WWW-Authenticate"].split()[0]) == (401, "Basic")
        assert (await fetch(served, basic("wrong")))[0] == 401
        assert (await fetch(served, {"Authorization": "Basic %%%"}))[0] == 401
        target = served.server.address + "/api/v1/status"
        async with aiohttp.ClientSession() as session, session.get(target, headers=basic(served.token)) as answer:
            assert answer.status == 401  # the password form is for the page only


async def test_words_from_outside_cannot_become_markup(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"'&"
    async with serve_api(tmp_path) as served:
        await served.stores.devices.seen(
            DeviceRow(id="x", kind=hostile, name=hostile, first_seen_ns=1, last_seen_ns=1, details={})
        )
        _, html, _ = await fetch(served, basic(served.token))
        assert "<script" not in html
        assert "&lt;script&gt;" in html


async def test_the_documentation_page_names_every_route_and_object(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served, aiohttp.ClientSession() as session:
        async with session.get(served.server.address + "/docs") as answer:
            html, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        text = Text()
        text.feed(html)
        for route in served.server.routes:
            assert f"{route.method} {route.path}\n" in text.words
        assert "decimal text in the token" in text.words
        assert "With the members of Envelope" in text.words
        assert not text.tags & {"script", "img", "link", "iframe", "form"}
        assert "style-src 'sha256-" in policy


async def test_a_device_that_is_down_has_a_word_and_a_shape(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        served.view.live["d1"] = replace(served.view.live["d1"], state=DeviceState.DOWN, reason="unplugged")
        _, html, _ = await fetch(served, basic(served.token))
        assert re.search(
            r'<td>roof</td><td>✖ down</td><td>gwmp</td><td>[^<]+</td><td class="words">unplugged</td>', html
        )


async def test_a_meter_is_told_with_its_readings(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        values = {"power_w": 420, "imported_wh": 4_426_085}
        served.view.live["d1"] = replace(served.view.live["d1"], reason="Answers.", values=values)
        _, html, _ = await fetch(served, basic(served.token))
        assert '<td class="words">420 W, imported 4,426.1 kWh</td>' in html


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
async def test_a_real_browser_renders_it_without_a_policy_violation(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        _, html, headers = await fetch(served, basic(served.token))
    policy = headers["Content-Security-Policy"].replace("; frame-ancestors 'none'", "")
    file = tmp_path / "page.html"
    file.write_text(html.replace("<title>", f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>'))
    done = subprocess.run(
        [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom", "--enable-logging=stderr",
         f"--user-data-dir={tmp_path}/profile", file.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "too_close" in done.stdout
    assert "Content Security Policy" not in done.stderr
