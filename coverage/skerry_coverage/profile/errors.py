"""Errors of the profile loader."""

from skerry_core.errors import UsageError

__all__ = ["ProfileRejected"]


class ProfileRejected(UsageError):
    """A profile file is not acceptable; says file, line where it is known, setting, what was expected and what came."""

    def __init__(self, *, source: str, line: int | None, setting: str, problem: str) -> None:
        place = f"{source}:{line}" if line else source
        super().__init__(
            "E_PROFILE",
            f"{place}: {setting}: {problem}." if setting else f"{place}: {problem}.",
            remedy="Correct the profile file; the shipped profiles show every setting.",
            params={"source": source, "line": line, "setting": setting, "problem": problem},
        )
        self.source = source
        self.line = line
        self.setting = setting
