"""`skerry wallet`: owner wallets on this computer. Watch-only until the owner makes or brings a key."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.wallet_helium import helium
from skerry_agent.cli.wallet_review import review
from skerry_agent.cli.wallet_rules import allow, limit, rules, wallet_address
from skerry_agent.cli.wallet_spend import send, unfinished
from skerry_agent.cli.wallet_unknown import decide, unknown
from skerry_agent.wallet.passwords import ask_secret, password_options

if TYPE_CHECKING:
    from skerry_wallet.keyfile.owner import OwnerWallet

__all__ = ["wallet"]

T = TypeVar("T")


@click.group()
def wallet() -> None:
    """Owner wallets: keys, balances, payments. A dry run is the default of everything that spends."""


for _verb in (send, review, unfinished, unknown, decide, rules, limit, allow, helium):
    wallet.add_command(_verb)


@wallet.command("list")
@json_option
@pass_cli
def list_wallets(cli: Cli, /, *, as_json_: bool) -> None:
    """List the wallets; no password is needed."""
    from skerry_agent.wallet.owners import owner_wallets

    found = [_shown(one) for one in owner_wallets(cli.paths).entries()]
    headers = ("name", "kind", "solana_address", "helium_address")
    rows = [tuple(one[header] for header in headers) for one in found]
    show({"items": found}, json_wanted=as_json_, text=lambda: table(headers, rows))


@wallet.command("show")
@click.argument("name")
@json_option
@pass_cli
def show_wallet(cli: Cli, /, *, name: str, as_json_: bool) -> None:
    """Show one wallet's addresses, for receiving."""
    from skerry_agent.wallet.owners import named_wallet

    found = _shown(named_wallet(cli.paths, name))
    show(found, json_wanted=as_json_, text=lambda: table(("what", "value"), found.items()))


@wallet.command()
@click.argument("name")
@click.argument("key", metavar="ADDRESS")
@json_option
@pass_cli
def watch(cli: Cli, /, *, name: str, key: str, as_json_: bool) -> None:
    """Watch a wallet by its Solana or Helium address; it can be looked at here, never spent from."""
    from skerry_agent.wallet.owners import owner_wallets

    cli.paths.create()
    found = _shown(owner_wallets(cli.paths).watch(name, key))
    show(found, json_wanted=as_json_, text=lambda: f"watching {found['solana_address']} as {name}")


@wallet.command()
@click.argument("name")
@click.option("--sheet", type=click.Path(path_type=Path, dir_okay=False), help="Write the recovery sheet here, 0600.")
@password_options
@json_option
@pass_cli
def create(
    cli: Cli, /, *, name: str, sheet: Path | None, password_file: Path | None, password_fd: int | None, as_json_: bool
) -> None:
    """Make a wallet of 24 words. They are shown once, here or on the sheet, and not kept.

    Without --sheet the sheet goes to standard output: write the words down, then clear the screen.
    """
    from skerry_agent.wallet.owners import owner_wallets

    password = ask_secret("New password", file=password_file, descriptor=password_fd, confirm=True)
    cli.paths.create()
    made = owner_wallets(cli.paths).create(name, password)
    paper = _sheet(made.wallet, path=made.path, words=made.words.split())
    if sheet is not None:
        from skerry_wallet.keyfile.private_file import create_private

        create_private(sheet, paper.encode())
    found = _shown(made.wallet) | {"path": made.path, "sheet": str(sheet) if sheet else None}
    if as_json_ and sheet is None:
        found["words"] = made.words
    made_text = f"Wallet {name} is made. Print {sheet} with its 24 words, then remove the file."
    show(found, json_wanted=as_json_, text=lambda: paper if sheet is None else made_text)


@wallet.command()
@click.option("--words-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Phrase in a file.")
@click.option("--cluster", "url", metavar="URL", help="Show what each candidate holds there.")
@json_option
@pass_cli
def paths(cli: Cli, /, *, words_file: Path | None, url: str | None, as_json_: bool) -> None:
    """Show every address that a phrase can mean, so that you find the one with your funds; nothing is stored."""
    from skerry_wallet.keyfile.mnemonic import candidate_keys

    found = [
        {"path": one.path, "address": one.public_key.solana_address or ""}
        for one in _import_errors(lambda: candidate_keys(ask_secret("Recovery words", file=words_file)))
    ]
    if url is not None:
        held = _sol(cli, [one["address"] for one in found], url)
        found = [one | {"lamports": str(held[one["address"]])} for one in found]
    headers = tuple(found[0])
    show({"items": found}, json_wanted=as_json_, text=lambda: table(headers, [tuple(one.values()) for one in found]))


@wallet.command("import")
@click.argument("name")
@click.option("--words-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Recovery phrase.")
@click.option("--keypair-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Solana CLI JSON or Base58 private key.")  # fmt: skip
@click.option("--helium-file", "helium_files", multiple=True, type=click.Path(path_type=Path, exists=True),
              help="Helium wallet file; all shards needed of a sharded one.")  # fmt: skip
@click.option("--source-password-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="The Helium file's own password.")  # fmt: skip
@click.option(
    "--path", "derivation", help="Which reading of the phrase: helium, none or m/44'/...; see `wallet paths`."
)
@password_options
@json_option
@pass_cli
def import_wallet(
    cli: Cli,
    /,
    *,
    name: str,
    words_file: Path | None,
    keypair_file: Path | None,
    helium_files: tuple[Path, ...],
    source_password_file: Path | None,
    derivation: str | None,
    password_file: Path | None,
    password_fd: int | None,
    as_json_: bool,
) -> None:
    """Bring a wallet here: a phrase (asked for, or from a file), a key pair, or Helium wallet files.

    One phrase means other addresses in other programs. Without --path all of them are shown and you choose.
    """
    from skerry_agent.wallet.owners import owner_wallets

    if helium_files:
        from skerry_wallet.keyfile.helium_wallet_file import open_wallet
        from skerry_wallet.keyfile.private_file import read_private

        contents = [read_private(file) for file in helium_files]
        source = ask_secret("Password of the Helium file", file=source_password_file)
        seed = _import_errors(lambda: open_wallet(contents, source).seed)
    elif keypair_file is not None:
        from skerry_wallet.keyfile.private_file import read_private
        from skerry_wallet.keyfile.solana_key import parse_keypair

        seed = _import_errors(lambda: parse_keypair(read_private(keypair_file).decode("utf-8", "replace")))
    else:
        seed = _seed_of_words(ask_secret("Recovery words", file=words_file), derivation)
    password = ask_secret("New password", file=password_file, descriptor=password_fd, confirm=True)
    cli.paths.create()
    found = _shown(owner_wallets(cli.paths).add_seed(name, seed, password))
    show(found, json_wanted=as_json_, text=lambda: f"{found['solana_address']} imported as {name}")


@wallet.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--rehearse", is_flag=True, help="Do not write: open TARGET and compare it with what is on disk.")
@click.option("--restore", is_flag=True, help="Do not write: put TARGET's files back, over none that exists.")
@password_options
@json_option
@pass_cli
def backup(
    cli: Cli,
    /,
    *,
    target: Path,
    rehearse: bool,
    restore: bool,
    password_file: Path | None,
    password_fd: int | None,
    as_json_: bool,
) -> None:
    """Write all keys, wallets, spending rules and settings to one encrypted file; it is rehearsed at once.

    Losing the password loses the backup. `skerry backup` also saves the databases, unencrypted.
    """
    from skerry_wallet.keyfile.backup import rehearse_restore, restore_backup, seal_backup
    from skerry_wallet.keyfile.kdf import argon2id_for_machine, machine_memory_bytes
    from skerry_wallet.keyfile.private_file import create_private

    password = ask_secret(
        "Backup password", file=password_file, descriptor=password_fd, confirm=not (rehearse or restore)
    )
    state = cli.paths.state
    if restore:
        cli.paths.create()
        names = restore_backup(target.read_bytes(), password, state)
    else:
        if not rehearse:
            files = {str(file.relative_to(state)): file.read_bytes() for file in _secret_files(cli)}
            kdf = argon2id_for_machine(secrets.token_bytes(16), machine_memory_bytes())
            create_private(target, seal_backup(files, password, kdf=kdf, nonce=secrets.token_bytes(24)))
        names = rehearse_restore(target.read_bytes(), password, state)
    done = "restored" if restore else "can be restored, compared with the disk"
    answer = {"file": str(target), "files": names, "result": done}
    show(answer, json_wanted=as_json_, text=lambda: f"{target}: {', '.join(names)} {done}")


@wallet.command("recovery-sheet")
@click.argument("name")
@pass_cli
def recovery_sheet(cli: Cli, /, *, name: str) -> None:
    """Print a wallet's sheet without its words, which were shown once when it was made and are not kept here."""
    from skerry_agent.wallet.owners import named_wallet

    one = named_wallet(cli.paths, name)
    where = "watched only: the key is elsewhere" if one.watch_only else "sealed file and its password, or the words"
    click.echo(_sheet(one, path=where, words=()))


@wallet.command()
@click.argument("names", nargs=-1)
@click.option("--cluster", "url", metavar="URL", help="Ask this JSON-RPC server instead of the agent or its chain.")
@click.option("--all-owners", is_flag=True, help="Every owner that the operator of this folder has paid.")
@json_option
@pass_cli
def balance(cli: Cli, /, *, names: tuple[str, ...], url: str | None, all_owners: bool, as_json_: bool) -> None:
    """Show SOL and tokens of wallets (names or addresses); without any: the hotspot's owner and all wallets here.

    A running agent is asked first; without one the embedded chain of this folder, or the --cluster named.
    """
    from skerry_agent.cli.wallet_balance import find_balances

    answer = find_balances(cli, [wallet_address(cli, name) for name in names], url=url, all_owners=all_owners)
    headers = ("owner", "token", "amount", "base_units", "note")
    rows = [tuple(one.get(header) for header in headers) for one in answer["items"]]
    if answer["test_tokens"] and not as_json_:
        click.echo("These are test tokens: worthless.", err=True)
    show(answer, json_wanted=as_json_, text=lambda: table(headers, rows))


def _shown(one: "OwnerWallet") -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": "watch-only" if one.watch_only else "can sign",
        "solana_address": one.public_key.solana_address,
        "helium_address": one.public_key.address,
        "animal_name": one.public_key.animal_name,
    }


def _sheet(one: "OwnerWallet", *, path: str, words: Any) -> str:
    from datetime import UTC, datetime

    from skerry_core.clock import SystemClock
    from skerry_wallet.keyfile.recovery_sheet import RecoverySheet

    day = datetime.fromtimestamp(SystemClock().wall_s(), UTC).date().isoformat()
    title = f"Skerry wallet {one.name}"
    return RecoverySheet(title=title, public_key=one.public_key, path=path, made_on=day, words=words).to_text()


def _secret_files(cli: Cli) -> list[Path]:
    operator = cli.paths.state / "operator"
    found = [*cli.paths.keys.glob("*"), *operator.glob("*.key"), *operator.glob("network.json")]
    settings = [cli.paths.config] if cli.paths.config.is_relative_to(cli.paths.state) else []
    return sorted(file for file in [*found, *settings] if file.is_file() and not file.name.startswith("."))


def _seed_of_words(words: str, derivation: str | None) -> bytes:
    from skerry_core.errors import UsageError
    from skerry_wallet.keyfile.mnemonic import candidate_keys, seed_from_words

    if derivation is not None:
        return _import_errors(lambda: seed_from_words(words, path=derivation))
    found = _import_errors(lambda: candidate_keys(words))
    raise UsageError(
        "E_WALLET_PATH",
        "The phrase means one of these addresses; say which with --path.\n"
        + table(("path", "address"), [(one.path, one.public_key.solana_address) for one in found]),
        remedy="`skerry wallet paths --cluster URL` shows which of them holds something.",
    )


def _import_errors(action: Callable[[], T]) -> T:
    """Run an import; its own error becomes one that a person can read."""
    from skerry_core.errors import UsageError
    from skerry_wallet.keyfile.errors import KeyImportRejected

    try:
        return action()
    except KeyImportRejected as error:
        raise UsageError("E_KEY_IMPORT", f"That cannot be imported: {error}.") from None


def _sol(cli: Cli, addresses: list[str], url: str) -> dict[str, int]:
    from skerry_agent.cli.wallet_balance import lamports_of

    return lamports_of(cli, addresses, url)
