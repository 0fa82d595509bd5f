import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pytest

from skerry_agent.logs import LogFile, configure


@pytest.fixture
def root() -> Iterator[None]:
    """Give the root logger its handlers and level back."""
    logger = logging.getLogger()
    before = (logger.handlers[:], logger.level)
    yield
    logger.handlers[:], level = before
    logger.setLevel(level)


def lines(form: str, journal: bool = False) -> tuple[logging.Logger, io.StringIO, logging.Handler]:
    stream = io.StringIO()
    handler = configure(level="info", form=form, environ={"JOURNAL_STREAM": "8:1"} if journal else {}, stream=stream)
    return logging.getLogger("skerry_agent.test"), stream, handler


@pytest.mark.usefixtures("root")
def test_text_lines_are_key_value_with_the_packet_id() -> None:
    log, stream, _ = lines("text")
    log.info("%s: link lost", "gw 1", extra={"packet": "p1"})
    log.debug("not shown")
    line = stream.getvalue()
    assert line.startswith("time=20")
    assert line.endswith('level=info from=agent.test msg="gw 1: link lost" packet=p1\n')


@pytest.mark.usefixtures("root")
def test_in_the_journal_lines_have_a_level_prefix_and_no_time() -> None:
    log, stream, _ = lines("auto", journal=True)
    log.warning("low")
    assert stream.getvalue() == "<4>from=agent.test msg=low\n"


@pytest.mark.usefixtures("root")
def test_json_lines_are_json_with_the_trace_inside() -> None:
    log, stream, _ = lines("json")
    try:
        raise ValueError("password=hunter2")
    except ValueError:
        log.exception("failed")
    entry = json.loads(stream.getvalue())
    assert (entry["level"], entry["msg"]) == ("error", "failed")
    assert "ValueError" in entry["trace"]
    assert "hunter2" not in entry["trace"]


@pytest.mark.usefixtures("root")
def test_a_line_break_in_a_message_cannot_forge_a_line() -> None:
    log, stream, _ = lines("text")
    log.info("a\nlevel=error msg=forged")
    assert stream.getvalue().count("\n") == 1


@pytest.mark.usefixtures("root")
def test_repeats_are_counted_instead_of_written() -> None:
    log, stream, handler = lines("text")
    for _ in range(43):
        log.warning("no route")
    log.info("other")
    log.info("other")
    handler.close()
    found = [line.partition("from=")[2] for line in stream.getvalue().splitlines()]
    assert found == [
        'agent.test msg="no route"',
        'agent.test msg="no route" repeated=42',
        "agent.test msg=other",
        "agent.test msg=other repeated=1",
    ]


@pytest.mark.usefixtures("root")
def test_secrets_are_taken_out_of_messages_and_extras() -> None:
    log, stream, _ = lines("text")
    log.info("token %s", "skr_local_" + "A" * 43, extra={"url": "https://u:hunter2@host/"})
    assert "AAAA" not in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
    assert "skr_local_***" in stream.getvalue()


@pytest.mark.usefixtures("root")
def test_configuring_again_does_not_double_the_lines() -> None:
    stream = io.StringIO()
    for _ in range(2):
        configure(level="info", form="text", environ={}, stream=stream)
    logging.getLogger("skerry_agent.test").info("once")
    assert stream.getvalue().count("once") == 1


@pytest.mark.usefixtures("root")
def test_a_log_file_is_private_bounded_and_never_in_the_way(tmp_path: Path) -> None:
    file = tmp_path / "skerry.log"
    configure(level="info", form="text", environ={}, stream=cast(IO[str], LogFile(file, limit_bytes=2000)))
    for number in range(100):
        logging.getLogger("skerry_agent.test").info("line %d", number)
    assert file.with_name("skerry.log.1").stat().st_size < 2200
    assert not file.exists() or file.stat().st_size < 2200
    assert file.with_name("skerry.log.1").stat().st_mode & 0o777 == 0o600
    assert LogFile(tmp_path / "absent" / "x").write("text") == 0
