"""The printable recovery sheet: what a person needs on paper to get a wallet or gateway back, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from skerry_keys import PublicKey

__all__ = ["RecoverySheet"]

_COLUMNS = 4
_WIDTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySheet:
    """One key's sheet; `words` is the secret part and empty for a gateway key that lives in a backup or a chip."""

    title: str
    public_key: PublicKey
    path: str
    made_on: str
    words: Sequence[str] = field(default=(), repr=False)

    def to_text(self) -> str:
        """Return the sheet as plain text of at most 72 columns, for printing only: it shows the words."""
        lines = [
            self.title,
            "=" * len(self.title),
            f"Made on:         {self.made_on}",
            f"Name:            {self.public_key.animal_name}",
            f"Helium address:  {self.public_key.address}",
        ]
        if self.public_key.solana_address is not None:
            lines.append(f"Solana address:  {self.public_key.solana_address}")
        lines.append(f"Key derivation:  {self.path}")
        if self.words:
            numbered = [f"{number:2}. {word}".ljust(_WIDTH) for number, word in enumerate(self.words, start=1)]
            rows = ["".join(numbered[start : start + _COLUMNS]) for start in range(0, len(numbered), _COLUMNS)]
            lines += ["", "Recovery words, in order:", *(row.rstrip() for row in rows)]
        lines += [
            "",
            "Whoever has these words or this key can take everything it holds.",
            "Keep the sheet away from cameras and computers. Nobody from support",
            "will ever ask for it.",
        ]
        return "\n".join(lines) + "\n"
