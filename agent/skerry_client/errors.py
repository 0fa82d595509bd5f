"""Errors of the API client.

Tree::

    SkerryError
      ClientError
        ApiProblem        the agent answered with a problem: code, sentence, remedy
        BadAnswer         the answer is not what the contract says
        NotReachable      no agent answers there
"""

from collections.abc import Mapping

from skerry_core.errors import Explained, SkerryError

__all__ = ["ApiProblem", "BadAnswer", "ClientError", "NotReachable"]


class ClientError(SkerryError):
    """Base of the client's errors."""


class ApiProblem(Explained, ClientError):
    """An RFC 9457 problem; `code` is stable, `detail` and `remedy` are written for people."""

    def __init__(self, *, status: int, code: str, detail: str, remedy: str, params: Mapping[str, str]) -> None:
        super().__init__(f"{detail} ({code})" + (f" {remedy}" if remedy else ""))
        self.status = status
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.params = dict(params)


class BadAnswer(ClientError):
    """The answer breaks the contract, or is no answer of an agent at all."""


class NotReachable(ClientError):
    """No connection, or it broke or timed out."""
