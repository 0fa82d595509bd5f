"""Errors that cross package borders.

Tree::

    SkerryError                 anything of ours that a caller may handle
      UserError                 its text may be shown to a person: stable code, one sentence, a remedy
        UsageError              the request itself was wrong (CLI exit 2, HTTP 400)
        NotFoundError           the named thing does not exist (CLI exit 3, HTTP 404)
        RefusedError            a rule or limit forbids it (CLI exit 5, HTTP 409)

Only `UserError` text reaches a person; everything else becomes "internal error" plus a log line.
"""

from collections.abc import Mapping

__all__ = ["Explained", "NotFoundError", "RefusedError", "SkerryError", "UsageError", "UserError"]


class SkerryError(Exception):
    """Base of every error that Skerry raises on purpose."""


class Explained:
    """What an error has whose text is written for a person: a stable code, one sentence, and what to do next."""

    code: str
    detail: str
    remedy: str

    def problem(self) -> dict[str, str]:
        """Return the three as JSON shows them: the API, jobs, scans and `--json` all have this shape."""
        return {"code": self.code, "detail": self.detail, "remedy": self.remedy}


class UserError(Explained, SkerryError):
    """An error whose text is written for a person.

    `code` is stable (`E_KEY_LOCKED`), `detail` is one plain sentence, `remedy` says what to do next,
    `params` holds the values named in the sentence so that clients can translate it.
    """

    http_status = 500
    exit_code = 1

    def __init__(self, code: str, detail: str, *, remedy: str = "", params: Mapping[str, object] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.params = dict(params or {})

    def __str__(self) -> str:
        return f"{self.detail} ({self.code})" + (f" {self.remedy}" if self.remedy else "")


class UsageError(UserError):
    """The request was malformed or contradicts itself."""

    http_status = 400
    exit_code = 2


class NotFoundError(UserError):
    """The thing that was asked for does not exist."""

    http_status = 404
    exit_code = 3


class RefusedError(UserError):
    """A rule, a limit or a missing permission forbids it."""

    http_status = 409
    exit_code = 5
