"""A statement as CSV, JSON, text or one HTML page that prints on paper. Pure; whole tokens keep all their decimals."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from skerry_wallet.helium.amounts import format_amount
from skerry_wallet.ledger.export import inert
from skerry_wallet.splits.statement import Line, Statement
from skerry_wallet.tokens import Token

__all__ = ["FORMATS", "to_csv", "to_html", "to_json", "to_text"]

_COLUMNS = (
    "month", "owner", "host", "token", "time", "kind", "hotspot", "epoch", "earned_base_units", "amount_base_units",
    "amount", "balance_base_units", "signature",
)  # fmt: skip
_STYLE = (
    "body{font:11pt/1.4 sans-serif;max-width:60em;margin:2em auto}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #999;padding:.2em .5em;text-align:left;font-size:9pt;overflow-wrap:anywhere}"
    ".n{text-align:right;white-space:nowrap}h2{margin-top:2em}@media print{body{margin:0}section{break-after:page}}"
)
_NOTE = (
    "Amounts are divided by the agreed basis points per hotspot and epoch, rounded by largest remainder; "
    "months are UTC, a reward belongs to the month in which its epoch ended."
)


def to_csv(made: Sequence[Statement], tokens: Mapping[str, Token]) -> str:
    """Return one line per booking, with the balance after it; the first line of a statement is its opening balance."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in made:
        head = (one.month, one.owner, one.host, _name(one, tokens))
        opening = (*head, "", "opening balance", "", "", "", "", "", one.opening, "")
        writer.writerow([inert(cell) for cell in opening])
        for line, balance in _running(one):
            row = (
                *head, _time(line.at_s), line.kind, line.hotspot or "", _or_empty(line.epoch), _or_empty(line.earned),
                line.amount, _whole(line.amount, one, tokens), balance, line.signature or "",
            )  # fmt: skip
            writer.writerow([inert(cell) for cell in row])
    return target.getvalue()


def to_json(made: Sequence[Statement], tokens: Mapping[str, Token]) -> str:
    """Return a list of statements; base units as integers."""
    return json.dumps([_object(one, tokens) for one in made], indent=1, ensure_ascii=False) + "\n"


def to_text(made: Sequence[Statement], tokens: Mapping[str, Token]) -> str:
    """Return plain text for a person."""
    return "\n".join(line for one in made for line in _text(one, tokens)) + "\n"


def to_html(made: Sequence[Statement], tokens: Mapping[str, Token]) -> str:
    """Return one page without scripts or anything from elsewhere."""
    body = "".join(_section(one, tokens) for one in made)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host statement</title>'
        f"<style>{_STYLE}</style></head><body>{body}<p>{escape(_NOTE)}</p></body></html>\n"
    )


FORMATS = {"csv": to_csv, "json": to_json, "text": to_text, "html": to_html}


def _object(one: Statement, tokens: Mapping[str, Token]) -> dict[str, Any]:
    return {
        "month": one.month,
        "owner": one.owner,
        "host": one.host,
        "token": _name(one, tokens),
        "mint": one.mint,
        "opening": one.opening,
        "shares": one.shares,
        "paid": one.paid,
        "closing": one.closing,
        "lines": [
            {
                "time": _time(line.at_s), "kind": line.kind, "hotspot": line.hotspot, "epoch": line.epoch,
                "earned": line.earned, "amount": line.amount, "balance": balance, "cause": line.cause,
                "signature": line.signature,
            }
            for line, balance in _running(one)
        ],
    }  # fmt: skip


def _text(one: Statement, tokens: Mapping[str, Token]) -> list[str]:
    rows = [f"  {_time(line.at_s)}  {_what(line):<44}  {_whole(line.amount, one, tokens):>20}" for line in one.lines]
    return [
        f"Statement {one.month} (UTC), {_name(one, tokens)}",
        f"Host  {one.host}",
        f"Owner {one.owner}",
        f"  {'owed before':<66}  {_whole(one.opening, one, tokens):>20}",
        *rows,
        f"  {'your shares this month':<66}  {_whole(one.shares, one, tokens):>20}",
        f"  {'paid to you this month':<66}  {_whole(one.paid, one, tokens):>20}",
        f"  {'owed at the end':<66}  {_whole(one.closing, one, tokens):>20}",
        _NOTE,
        "",
    ]


def _section(one: Statement, tokens: Mapping[str, Token]) -> str:
    def row(first: str, what: str, amount: int, note: str = "") -> str:
        value = _whole(amount, one, tokens)
        return (
            f"<tr><td>{escape(first)}</td><td>{escape(what)}</td><td>{escape(note)}</td>"
            f'<td class="n">{escape(value)}</td></tr>'
        )

    lines = "".join(row(_time(line.at_s), _what(line), line.amount, line.signature or line.cause) for line in one.lines)
    sums = row("", "your shares this month", one.shares) + row("", "paid to you this month", one.paid)
    return (
        f"<section><h2>Statement {escape(one.month)} (UTC), {escape(_name(one, tokens))}</h2>"
        f"<p>Host {escape(one.host)}<br>Owner {escape(one.owner)}</p><table>"
        f'<tr><th>time</th><th>what</th><th>transaction or cause</th><th class="n">amount</th></tr>'
        f"{row('', 'owed before', one.opening)}{lines}{sums}{row('', 'owed at the end', one.closing)}</table></section>"
    )


def _running(one: Statement) -> list[tuple[Line, int]]:
    found, balance = [], one.opening
    for line in one.lines:
        balance += line.amount
        found.append((line, balance))
    return found


def _what(line: Line) -> str:
    return "payment" if line.hotspot is None else f"share of {line.hotspot[:20]} epoch {line.epoch}"


def _whole(amount: int, one: Statement, tokens: Mapping[str, Token]) -> str:
    token = tokens.get(one.mint)
    return format_amount(amount, token.decimals if token else 0)


def _name(one: Statement, tokens: Mapping[str, Token]) -> str:
    return tokens[one.mint].name if one.mint in tokens else one.mint


def _or_empty(value: int | None) -> int | str:
    return "" if value is None else value


def _time(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
