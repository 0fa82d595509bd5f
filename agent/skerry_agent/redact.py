"""Takes secrets, and from support files positions too, out of what leaves the program."""

import re
from typing import Any

__all__ = ["redact", "redact_tree"]

_RULES = (
    (re.compile(r"\bskr_([a-z0-9]{1,16})_[A-Za-z0-9_-]+"), r"skr_\1_***"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"(?i)://([^\s/:@]+):[^\s/@]+@"), r"://\1:***@"),
    (
        re.compile(r"(?i)\b([\w.-]*(?:password|passphrase|passwd|secret|mnemonic|seed|private_?key|api_?key))"
                   r"(['\"]?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|\[[^\]]*\]|[^\s,;}]+)"),
        r"\1\2***",
    ),
    (re.compile(r"\[(?:\s*\d{1,3}\s*,){31,}\s*\d{1,3}\s*\]"), "[***]"),  # a Solana key file
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL), "***"),
)  # fmt: skip
_SECRET_NAME = re.compile(
    r"(?i)(location|password|passphrase|passwd|secret|mnemonic|seed|private_?key|api_?key|authorization)$"
)


def redact(text: str) -> str:
    """Return the text with everything that looks like a secret replaced by ***."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redact_tree(value: Any) -> Any:
    """Return a JSON value with secrets replaced, by the names of members and by what texts look like."""
    if isinstance(value, dict):
        return {name: "***" if _SECRET_NAME.search(name) and member else redact_tree(member)
                for name, member in value.items()}  # fmt: skip
    if isinstance(value, list | tuple):
        return [redact_tree(member) for member in value]
    return redact(value) if isinstance(value, str) else value
