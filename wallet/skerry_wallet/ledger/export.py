"""Writes the ledger for other programs: CSV for spreadsheets, JSON, and beancount for plain-text accounting."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from skerry_wallet.ledger.book import Entry
from skerry_wallet.tokens import Token

__all__ = ["CSV_COLUMNS", "inert", "to_beancount", "to_csv", "to_json"]

CSV_COLUMNS = (
    "time", "entry", "kind", "cause", "account", "token", "mint", "amount_base_units", "amount", "price_usd",
    "price_source", "signature",
)  # fmt: skip
_BEANCOUNT_ROOTS = {
    "earned": "Income:Earned",
    "elsewhere": "Equity:Elsewhere",
    "emission": "Income:Emission",
    "host": "Liabilities:Host",
    "kept": "Equity:Kept",
    "opening": "Equity:Opening",
    "owner": "Assets:Owner",
    "payer": "Assets:Payer",
    "settled": "Equity:Settled",
}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_csv(entries: Iterable[Entry], tokens: Mapping[str, Token]) -> str:
    """Return one line per posting; `tokens` maps mints to names and decimals."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for entry in entries:
        for posting in entry.postings:
            amount = _whole(posting.amount, tokens.get(posting.token))
            row = (
                _time(entry.at_s), entry.id, entry.kind, entry.cause, posting.account,
                _name(posting.token, tokens), posting.token, posting.amount, amount,
                entry.price or "", entry.price_source or "", entry.signature or "",
            )  # fmt: skip
            writer.writerow([inert(cell) for cell in row])
    return target.getvalue()


def to_json(entries: Iterable[Entry], tokens: Mapping[str, Token]) -> str:
    """Return a list of entries; amounts are integers in base units."""
    return json.dumps([_object(entry, tokens) for entry in entries], indent=1, ensure_ascii=False)


def to_beancount(entries: Iterable[Entry], tokens: Mapping[str, Token]) -> str:
    """Return a beancount file: every account opened at its first use, whole tokens with all their decimals."""
    lines: list[str] = []
    opened: set[str] = set()
    for entry in entries:
        day = _time(entry.at_s)[:10]
        for posting in entry.postings:
            account = _beancount_account(posting.account)
            if account not in opened:
                opened.add(account)
                lines.append(f"{day} open {account}")
        lines += ["", f'{day} * "{_quoted(entry.kind)}" "{_quoted(entry.cause)}"', f'  entry: "{_quoted(entry.id)}"']
        if entry.signature:
            lines.append(f'  signature: "{entry.signature}"')
        lines += _beancount_postings(entry, tokens)
    return "\n".join([*lines, ""])


def _object(entry: Entry, tokens: Mapping[str, Token]) -> dict[str, object]:
    return {
        "id": entry.id,
        "time": _time(entry.at_s),
        "kind": entry.kind,
        "cause": entry.cause,
        "signature": entry.signature,
        "price_usd": entry.price,
        "price_source": entry.price_source,
        "postings": [
            {"account": p.account, "token": _name(p.token, tokens), "mint": p.token, "amount": p.amount}
            for p in entry.postings
        ],
    }


def _beancount_postings(entry: Entry, tokens: Mapping[str, Token]) -> Iterator[str]:
    for posting in entry.postings:
        token = tokens.get(posting.token)
        commodity = _commodity(_name(posting.token, tokens))
        price = f" @ {entry.price} USD" if entry.price else ""
        yield f"  {_beancount_account(posting.account)}  {_whole(posting.amount, token)} {commodity}{price}"


def _beancount_account(account: str) -> str:
    root, _, rest = account.partition(":")
    base = _BEANCOUNT_ROOTS.get(root, f"Expenses:{root.capitalize()}")
    # Components begin with a capital letter or a digit; addresses may begin with a small letter.
    return f"{base}:A{rest}" if rest else base


def _commodity(name: str) -> str:
    """Return a beancount currency: capitals, digits and a few signs, at most 24 characters."""
    cleaned = "".join(character if character.isalnum() else "-" for character in name.upper())[:22]
    return f"T{cleaned}X" if not cleaned[:1].isalpha() or not cleaned[-1:].isalnum() else cleaned


def _whole(amount: int, token: Token | None) -> str:
    return str(amount) if token is None else f"{Decimal(amount).scaleb(-token.decimals):f}"


def _name(mint: str, tokens: Mapping[str, Token]) -> str:
    return tokens[mint].name if mint in tokens else mint


def _time(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def inert(cell: object) -> object:
    """Return a cell that no spreadsheet runs as a formula; numbers keep their minus sign."""
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) and not _is_number(cell):
        return "'" + cell
    return cell


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
