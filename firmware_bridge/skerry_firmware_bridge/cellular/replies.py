"""Where a modem's reply begins and ends (serial-devices 2.4, "Wire rules"): echo, final result, unsolicited lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

__all__ = ["Final", "Outcome", "Transcript", "find_outcome", "own_prefixes", "read_transcript", "strip_echo"]

URC_PREFIXES = frozenset(
    [
        "+CMTI",
        "+CIEV",
        "+CRING",
        "+CLIP",
        "+CREG",
        "+CGREG",
        "+CEREG",
        "+C5GREG",
        "+QIND",
        "+QUSIM",
        "+QGPSURC",
        "+QLWURC",
    ]
)
_CALL_RESULT = re.compile(r"\n(?:NO CARRIER|BUSY|NO ANSWER|NO DIALTONE|CONNECT)\r\n")


class Final(Enum):
    """How a command ended."""

    OK = "ok"
    CONNECT = "connect"
    PROMPT = "prompt"
    CME_ERROR = "cme_error"
    CMS_ERROR = "cms_error"
    MODEM_ERROR = "modem_error"
    ERROR = "error"
    NOT_SUPPORTED = "not_supported"
    NO_CARRIER = "no_carrier"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_DIALTONE = "no_dialtone"

    @property
    def is_error(self) -> bool:
        """Tell whether the command failed."""
        return self not in (Final.OK, Final.CONNECT, Final.PROMPT)


# In the order of testing. Call results may follow a lone LF: some modems leave out the CR in front of them.
_RESULTS = tuple(
    (final, re.compile(pattern))
    for final, pattern in (
        (Final.OK, r"\r\nOK\r\n"),
        (Final.CONNECT, r"\n(?P<text>CONNECT[^\r\n]*)\r\n"),
        (Final.PROMPT, r"\r\n>[ ]*\Z"),
        (Final.CME_ERROR, r"\r\n\+CME ERROR:[ ]*(?P<code>[0-9]{1,9})\r\n"),
        (Final.CMS_ERROR, r"\r\n\+CMS ERROR:[ ]*(?P<code>[0-9]{1,9})\r\n"),
        (Final.CME_ERROR, r"\r\n\+CME ERROR:(?P<text>[^\r\n]+)\r\n"),
        (Final.CMS_ERROR, r"\r\n\+CMS ERROR:(?P<text>[^\r\n]+)\r\n"),
        (Final.MODEM_ERROR, r"\r\nMODEM ERROR:[ ]*(?P<code>[0-9]{1,9})\r\n"),
        (Final.ERROR, r"\r\nERROR\r\n"),
        (Final.NOT_SUPPORTED, r"\r\nCOMMAND NOT SUPPORT\r\n"),
        (Final.NO_CARRIER, r"\nNO CARRIER\r\n"),
        (Final.BUSY, r"\nBUSY\r\n"),
        (Final.NO_ANSWER, r"\nNO ANSWER\r\n"),
        (Final.NO_DIALTONE, r"\nNO DIALTONE\r\n"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The final result and where its line stands; `text` of an error without a number, or the CONNECT line."""

    final: Final
    start: int
    end: int
    code: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One command's reply lines, its outcome, and the unsolicited lines that came in between or behind."""

    outcome: Outcome
    lines: tuple[str, ...]
    urcs: tuple[str, ...]


def strip_echo(text: str) -> str:
    """Drop everything before the first CR LF, which is the command echoed."""
    start = text.find("\r\n")
    if len(text) <= 2 or start < 0 or _CALL_RESULT.search(text):
        return text
    return text[start:]


def find_outcome(text: str) -> Outcome | None:
    """Return the final result in a reply without echo, None while the reply is not complete."""
    for final, pattern in _RESULTS:
        match = pattern.search(text)
        if match is not None:
            groups = match.groupdict()
            code, line = groups.get("code"), groups.get("text")
            return Outcome(
                final=final,
                start=match.start(),
                end=match.end(),
                code=None if code is None else int(code),
                text=(line or "").strip() or None,
            )
    return None


def own_prefixes(command: str) -> set[str]:
    """Return the prefixes that a command's own reply lines may have: `+CREG` for `AT+CREG?`."""
    return set(re.findall(r"[+^$%#*&][A-Z0-9]+", command.upper()))


def read_transcript(command: str, received: str) -> Transcript | None:
    """Return what was received for a command (sent without CR), None while the reply is not complete.

    An echo that `strip_echo` has left, behind a report or in front of a call result, is no reply line either.
    """
    text = strip_echo(received)
    outcome = find_outcome(text)
    if outcome is None:
        return None
    own = own_prefixes(command)
    before = [line for line in _lines(text[: outcome.start]) if line.strip() != command]
    unsolicited = [line for line in before if _prefix(line) in URC_PREFIXES - own]
    return Transcript(
        outcome=outcome,
        lines=tuple(line for line in before if line not in unsolicited),
        urcs=(*unsolicited, *_lines(text[outcome.end :])),
    )


def _lines(text: str) -> Iterator[str]:
    return (line for line in re.split(r"[\r\n]+", text) if line.strip())


def _prefix(line: str) -> str | None:
    prefix, colon, _ = line.partition(":")
    return prefix.strip() if colon else None
