"""Log lines as key=value text or JSON, redacted, repeats collapsed, without timestamps where the journal adds them.

`logger.info("...", extra={"packet": id})` puts `packet=...` on the line, so that one id finds every step of a frame.
"""

import io
import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from skerry_agent.api.present import rfc3339
from skerry_agent.redact import redact
from skerry_core.clock import NS_PER_MS
from skerry_core.files import PRIVATE_MODE

__all__ = ["LogFile", "configure", "set_level"]

REPEAT_WINDOW_S = 60.0  # identical lines within it are counted instead of written, to spare SD cards
FILE_LIMIT_BYTES = 5 << 20
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SYSLOG = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


def configure(*, level: str, form: str, environ: Mapping[str, str], stream: IO[str] | None = None) -> logging.Handler:
    """Send all log records of this process to stderr (or `stream`); return the handler."""
    journal = "JOURNAL_STREAM" in environ
    handler = _Collapsing(stream or sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _KeyValue(journal=journal))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _Collapsing) and one.stream is handler.stream]:
        root.removeHandler(old)
    root.addHandler(handler)
    set_level(level)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    return handler


def set_level(level: str) -> None:
    """Set the least important level that is logged."""
    logging.getLogger().setLevel(level.upper())


class LogFile(io.TextIOBase):
    """A log file and one older one, so that `skerry logs` has something to show where no journal is.

    Opened for each write: the file may be moved away at any time, and a full disk must not stop the agent.
    """

    def __init__(self, path: Path, *, limit_bytes: int = FILE_LIMIT_BYTES) -> None:
        self._path = path
        self._limit_bytes = limit_bytes

    def write(self, text: str) -> int:
        try:
            with open(self._path, "a", encoding="utf-8", opener=_private) as file:
                file.write(text)
                size = file.tell()
            if size > self._limit_bytes:
                self._path.replace(self._path.with_name(self._path.name + ".1"))
        except OSError:
            return 0  # stderr has the line too
        return len(text)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_MODE)


class _KeyValue(logging.Formatter):
    def __init__(self, *, journal: bool) -> None:
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        pairs = _pairs(record)
        if self._journal:  # the journal has its own time, and reads the level from the prefix
            pairs.pop("time")
            pairs.pop("level")
        line = " ".join(f"{name}={_quoted(value)}" for name, value in pairs.items())
        if record.exc_info:
            line += "\n" + redact(self.formatException(record.exc_info))
        return f"<{_SYSLOG.get(record.levelno, 6)}>{line}" if self._journal else line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        pairs = _pairs(record)
        if record.exc_info:
            pairs["trace"] = redact(self.formatException(record.exc_info))
        return json.dumps(pairs, ensure_ascii=False)


class _Collapsing(logging.StreamHandler[IO[str]]):
    """Writes the first of identical neighbouring lines, and later how often it was repeated."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(stream)
        self._last: tuple[str, int, str] | None = None
        self._since = 0.0
        self._repeats = 0

    def emit(self, record: logging.LogRecord) -> None:
        key = (record.name, record.levelno, record.getMessage())
        if key == self._last and record.created - self._since < REPEAT_WINDOW_S:
            self._repeats += 1
            return
        self._tell_repeats(record)
        self._last, self._since = key, record.created
        super().emit(record)

    def close(self) -> None:
        self._tell_repeats(logging.makeLogRecord({"created": self._since}))
        super().close()

    def _tell_repeats(self, next_record: logging.LogRecord) -> None:
        if self._repeats and self._last is not None:
            name, level, message = self._last
            note = logging.makeLogRecord(
                {"name": name, "levelno": level, "levelname": logging.getLevelName(level), "msg": message,
                 "created": next_record.created, "msecs": next_record.msecs, "repeated": self._repeats}
            )  # fmt: skip
            super().emit(note)
        self._repeats = 0


def _pairs(record: logging.LogRecord) -> dict[str, str]:
    pairs = {
        "time": rfc3339(round(record.created * 1000) * NS_PER_MS),
        "level": record.levelname.lower(),
        "from": record.name.removeprefix("skerry_"),
        "msg": redact(record.getMessage()),
    }
    for name, value in vars(record).items():
        if name not in _STANDARD and not name.startswith("_"):
            pairs[name] = redact(str(value))
    return pairs


def _quoted(value: str) -> str:
    plain = value and not any(one.isspace() or one in '"=' or not one.isprintable() for one in value)
    return value if plain else json.dumps(value, ensure_ascii=False)
