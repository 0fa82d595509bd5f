"""Errors of the evidence log.

Tree::

    RefusedError
      NotSealed       what is asked for is not under a seal yet
    NotFoundError
      NoSuchEntry     no entry has this id, or its body was deleted by retention
"""

from skerry_core.errors import NotFoundError, RefusedError

__all__ = ["NoSuchEntry", "NotSealed"]


class NotSealed(RefusedError):
    """An entry is not under a seal yet: too new, or the clock was never synchronised."""


class NoSuchEntry(NotFoundError):
    """An entry is unknown or its body is gone."""
