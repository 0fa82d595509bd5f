"""`skerry oracle`: makes and runs a network's oracle, and administers a running one."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.oracle_client import ask
from skerry_agent.cli.oracle_manifest import manifest, profile, signers
from skerry_agent.operator.oracle_folder import OracleFolder
from skerry_core import strict_json
from skerry_core.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from skerry_oracle.service import ServiceAddresses

__all__ = ["oracle"]

POLICIES = ("manual", "allow-list")
KEY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def oracle() -> None:
    """A network's oracle: who takes part, what counts, what it earns."""


@oracle.command()
@click.option("--network", required=True, help="The network's id; records and entropy are bound to it.")
@click.option("--profile", default="skerry-open", show_default=True, help="A shipped profile or a file.")
@click.option("--policy", type=click.Choice(POLICIES), default="manual", show_default=True, help="Whom to admit.")
@pass_cli
def init(cli: Cli, /, *, network: str, profile: str, policy: str) -> None:
    """Make the oracle's folder and its signing key."""
    from skerry_core.files import write_atomic
    from skerry_coverage.profile.loader import load_profile
    from skerry_keys.public_key import PublicKey
    from skerry_keys.software import SoftwareSigner

    load_profile(profile)
    folder = OracleFolder.of(cli.paths)
    if folder.settings.exists() or folder.key.exists():
        raise RefusedError("E_ORACLE_EXISTS", f"There is an oracle in {folder.path} already; it is not replaced.")
    if (cli.paths.state / "operator" / "network.json").exists():
        raise RefusedError(
            "E_OPERATOR_EXISTS",
            f"The agent in {cli.paths.state} operates a network already; its oracle is run by `skerry run`.",
            remedy="Use another folder with --dir.",
        )
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    signer = SoftwareSigner.generate(os.urandom)
    write_atomic(folder.key, signer.to_key_file())
    address = PublicKey(signer.public_key).address
    settings = {"network": network, "profile": profile, "policy": policy}
    folder.write(settings | {"oracle_keys": [address], "signatures_needed": 1})
    click.echo(f"oracle key  {address}")


@oracle.command()
@click.option("--listen", multiple=True, default=("127.0.0.1:9080",), show_default=True, help="gRPC; may be repeated.")
@click.option("--admin", default="127.0.0.1:9081", show_default=True, help="The admin API.")
@click.option("--roaming", help="Take downlinks of HTTP network servers here, HOST:PORT; put a TLS proxy before it.")
@click.option("--store", help="A postgresql:// URL instead of the SQLite file; or set SKERRY_ORACLE_STORE.")
@pass_cli
def run(cli: Cli, /, *, listen: tuple[str, ...], admin: str, roaming: str | None, store: str | None) -> int:
    """Run the oracle until SIGTERM or Ctrl-C."""
    from skerry_agent.instance_lock import InstanceLock
    from skerry_agent.logs import configure
    from skerry_agent.settings.table import LOG_FORMAT, LOG_LEVEL
    from skerry_oracle.service import ServiceAddresses

    folder = OracleFolder.of(cli.paths)
    folder.read()
    configure(level=cli.settings[LOG_LEVEL], form=cli.settings[LOG_FORMAT], environ=os.environ)
    place = store or os.environ.get("SKERRY_ORACLE_STORE") or str(folder.database)
    with InstanceLock(folder.path / "oracle.lock"), asyncio.Runner() as runner:
        runner.run(_serve(folder, ServiceAddresses(grpc=listen, admin=admin, roaming=roaming), place))
    return 0


async def _serve(folder: OracleFolder, addresses: "ServiceAddresses", place: str) -> None:
    from skerry_agent.evidence import TimeKeeper
    from skerry_agent.evidence.ntp import boot_id, kernel_error_ns
    from skerry_agent.runtime.clock_watch import watch_clock
    from skerry_core.clock import SystemClock
    from skerry_coverage.evidence.entry import TimeSource
    from skerry_keys.public_key import PublicKey
    from skerry_oracle.garbage import collect_garbage_rarely
    from skerry_oracle.service import OracleService

    collect_garbage_rarely()
    clock = SystemClock()
    time = TimeKeeper(clock, boot_id=boot_id(os.urandom(16)))
    time.synchronised(TimeSource.MANUAL, error_ns=None)  # who runs an oracle vouches for its clock, until it jumps
    built = build_oracle(folder, place, clock, is_time_known=lambda: time.is_synchronised)
    service = OracleService(built, folder=folder.path, addresses=addresses)
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(service.run(started), name="oracle service")
        watching = watch_clock(time, clock=clock, error_ns=kernel_error_ns, trusted=True)
        serving.add_done_callback(partial(_end, group.create_task(watching, name="clock")))
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, serving.cancel)
        await started.wait()
        for address, port in zip(addresses.grpc, service.grpc_ports, strict=True):
            click.echo(f"gRPC        {address.rpartition(':')[0]}:{port}")
        if addresses.roaming:
            click.echo(f"roaming     http://{addresses.roaming.rpartition(':')[0]}:{service.roaming_port}")
        click.echo(f"admin API   {(folder.path / 'admin.address').read_text()}/admin/v1")
        click.echo(f"public key  {PublicKey(built.signer.public_key).address}")
        click.echo("No payer is set here: epochs state what would have been earned, nothing is paid.")


def _end(other: asyncio.Task[None], _ended: asyncio.Task[None]) -> None:
    other.cancel()


def build_oracle(
    folder: OracleFolder, place: str, clock: Any, *, is_time_known: Callable[[], bool] = lambda: True
) -> Any:
    """Return the oracle of a folder, not yet open. Raises `UserError`."""
    from skerry_oracle.embedded import EmbeddedOracle
    from skerry_oracle.registry.policy import AllowListPolicy, ManualPolicy
    from skerry_oracle.store.open import make_database

    built = EmbeddedOracle(
        make_database(place, clock=clock),
        network=folder.network(at_s=clock.wall_s()),
        signer=folder.signer(),
        clock=clock,
        random_bytes=os.urandom,
        is_time_known=is_time_known,
    )
    allow_list = folder.read()["policy"] == "allow-list"
    built.registry.policy = AllowListPolicy(built.registry.is_allowed) if allow_list else ManualPolicy()
    return built


@oracle.command()
@click.option("--gateway-key", type=KEY_FILE, required=True, help="The gateway's key file.")
@click.option("--owner-key", type=KEY_FILE, required=True, help="The owner's key file (Ed25519).")
@click.option("--data-only", is_flag=True, help="Carries packets, takes no part in proofs.")
@click.option("--cell", help="Assert a location too: an H3 cell of resolution 11 or finer.")
@click.option("--region", help="The region it stands in, such as EU868.")
@click.option("--gain", "gain_ddbi", type=int, default=12, show_default=True, help="Antenna gain, tenths of dBi.")
@click.option("--elevation", "elevation_m", type=int, default=0, show_default=True, help="Metres above ground.")
@json_option
@pass_cli
def register(
    cli: Cli,
    /,
    *,
    gateway_key: Path,
    owner_key: Path,
    data_only: bool,
    cell: str | None,
    region: str | None,
    gain_ddbi: int,
    elevation_m: int,
    as_json_: bool,
) -> None:
    """Register a hotspot, signed here by gateway and owner; with --cell and --region it asserts its next location."""
    from skerry_core.clock import SystemClock
    from skerry_coverage.records import Location, Registration, sign_record
    from skerry_keys.software import SoftwareSigner

    if bool(cell) != bool(region):
        raise UsageError("E_LOCATION", "A location needs both --cell and --region.")
    gateway = SoftwareSigner.from_key_file(gateway_key.read_bytes())
    owner = SoftwareSigner.from_key_file(owner_key.read_bytes())
    common: dict[str, Any] = {"network": ask(cli, "GET", "/status")["network"], "made_ms": SystemClock().wall_ms()}
    keys: dict[str, Any] = {"gateway": gateway.public_key, "owner": owner.public_key}
    record = Registration(**common, **keys, is_full=not data_only)
    body = {
        "record": record.to_bytes().hex(),
        "gateway_signature": sign_record(record, gateway).hex(),
        "owner_signature": sign_record(record, owner).hex(),
    }
    answer = ask(cli, "POST", "/hotspots", body)
    if cell and region:
        known = ask(cli, "GET", f"/hotspots/{answer['gateway']}/locations")["items"]
        place = Location(
            **common, **keys, number=len(known) + 1, cell=cell, region=region, gain_ddbi=gain_ddbi,
            elevation_m=elevation_m,
        )  # fmt: skip
        signed = {"record": place.to_bytes().hex(), "owner_signature": sign_record(place, owner).hex()}
        answer |= {"location": ask(cli, "POST", "/locations", signed)}
    show(answer, json_wanted=as_json_, text=lambda: f"{answer['gateway']}  {answer['state']}")


@oracle.command("list")
@json_option
@pass_cli
def list_hotspots(cli: Cli, /, *, as_json_: bool) -> None:
    """List registered hotspots."""
    answer = ask(cli, "GET", "/hotspots")
    headers = ("gateway", "name", "owner", "state", "decided_by", "reason")
    rows = [[one[name] for name in headers] for one in answer["items"]]
    show(answer, json_wanted=as_json_, text=lambda: table(headers, rows))


@oracle.command()
@click.argument("gateway")
@pass_cli
def admit(cli: Cli, /, *, gateway: str) -> None:
    """Admit a registered hotspot."""
    click.echo(ask(cli, "POST", f"/hotspots/{gateway}/admit")["state"])


@oracle.command()
@click.argument("gateway")
@click.option("--reason", required=True, help="Kept with the registration.")
@pass_cli
def refuse(cli: Cli, /, *, gateway: str, reason: str) -> None:
    """Refuse a waiting registration."""
    click.echo(ask(cli, "POST", f"/hotspots/{gateway}/refuse", {"reason": reason})["state"])


@oracle.command()
@click.argument("gateway")
@click.option("--remove", is_flag=True, help="Take it off the list.")
@pass_cli
def allow(cli: Cli, /, *, gateway: str, remove: bool) -> None:
    """Put a gateway on the allow-list, before it registers."""
    ask(cli, "DELETE" if remove else "PUT", f"/allowed/{gateway}")


@oracle.command()
@click.option("--name", default="unnamed", show_default=True, help="What it is for.")
@click.option("--scope", default="oracle.read", show_default=True, help="oracle.read or oracle.admin.")
@pass_cli
def token(cli: Cli, /, *, name: str, scope: str) -> None:
    """Make a token for the admin API; it is shown once and stored as a hash."""
    click.echo(ask(cli, "POST", "/tokens", {"name": name, "scope": scope})["token"])


@oracle.group()
def route() -> None:
    """Routes to LoRaWAN network servers: whose packets go where.

    Of the oracle in this folder, or of the agent's own operator, whether the agent runs or not.
    """


@route.command("list")
@json_option
@pass_cli
def list_routes(cli: Cli, /, *, as_json_: bool) -> None:
    """List routes; session keys are not shown."""
    answer = ask(cli, "GET", "/routes")
    headers = ("id", "oui", "net_id", "max_copies", "active", "locked", "server")
    rows = [[*(one[name] for name in headers[:-1]), _server_text(one["server"])] for one in answer["items"]]
    show(answer, json_wanted=as_json_, text=lambda: table(headers, rows))


def _server_text(server: dict[str, Any]) -> str:
    return f"{server['protocol']} {server.get('url') or '{host}:{port}'.format_map(server)}"


@route.command("add")
@click.argument("file", type=click.File("rb"))
@pass_cli
def add_route(cli: Cli, /, *, file: Any) -> None:
    """Add or replace a route from a JSON file ("-" reads stdin); it counts from the next packet on."""
    try:
        record = strict_json.loads(file.read())
    except strict_json.JsonRejected as error:
        raise UsageError("E_JSON", f"The route is not acceptable JSON: {error}.") from None
    click.echo(ask(cli, "PUT", "/routes", record)["id"])


@route.command("remove")
@click.argument("route_id")
@pass_cli
def remove_route(cli: Cli, /, *, route_id: str) -> None:
    """Remove a route."""
    ask(cli, "DELETE", f"/routes/{quote(route_id, safe='')}")


@oracle.command()
@json_option
@pass_cli
def organisations(cli: Cli, /, *, as_json_: bool) -> None:
    """List who gets packets: payer, data credits, what is used and not burned yet."""
    answer = ask(cli, "GET", "/organisations")
    headers = ("oui", "payer", "balance_dc", "pending_dc", "enabled")
    rows = [[one[name] for name in headers] for one in answer["items"]]
    show(answer, json_wanted=as_json_, text=lambda: table(headers, rows))


@oracle.command()
@click.argument("oui", type=int)
@click.argument("amount", type=int)
@pass_cli
def credit(cli: Cli, /, *, oui: int, amount: int) -> None:
    """Grant an organisation data credits (24 bytes each); from then on it is prepaid.

    With less than 3,500,000 left its routes are locked until it is granted more. One without any grant is not charged.
    """
    answer = ask(cli, "POST", f"/organisations/{oui}/credits", {"amount_dc": amount})
    found = next(one for one in answer["items"] if one["oui"] == oui)
    click.echo(f"organisation {oui}: {found['balance_dc']} data credits, {found['pending_dc']} used")


@oracle.group()
def denylist() -> None:
    """Hotspots and pairs of hotspots that do not count."""


@denylist.command("show")
@pass_cli
def show_denylist(cli: Cli, /) -> None:
    """Show the denylist in force."""
    click.echo(json.dumps(ask(cli, "GET", "/denylist"), indent=2))


@denylist.command("set")
@click.argument("file", type=click.File("rb"))
@pass_cli
def set_denylist(cli: Cli, /, *, file: Any) -> None:
    """Replace it by {"keys": [...], "edges": [[a, b], ...]}; the oracle signs it with the next serial."""
    click.echo(f"serial {ask(cli, 'POST', '/denylist', strict_json.loads(file.read()))['serial']}")


@oracle.command()
@click.argument("number", type=int, required=False)
@json_option
@pass_cli
def epoch(cli: Cli, /, *, number: int | None, as_json_: bool) -> None:
    """List epochs, or show one epoch's reward manifest."""
    if number is not None:
        click.echo(json.dumps(ask(cli, "GET", f"/epochs/{number}/manifest"), indent=2))
        return
    answer = ask(cli, "GET", "/epochs")
    headers = ("epoch", "state", "manifest_hash", "receipt")
    rows = [[one["epoch"], _epoch_state(one), *(one[name] for name in headers[2:])] for one in answer["items"]]
    show(answer, json_wanted=as_json_, text=lambda: table(headers, rows))


def _epoch_state(one: dict[str, Any]) -> str:
    missing = one["signatures_needed"] - one["signatures"]
    return (
        f"waiting for {missing} more signature(s)" if one["state"] == "waiting" and missing > 0 else str(one["state"])
    )


@oracle.command()
@click.argument("report_id", required=False)
@click.option("--epoch", "number", type=int, help="Count one epoch only.")
@json_option
@pass_cli
def report(cli: Cli, /, *, report_id: str | None, number: int | None, as_json_: bool) -> None:
    """Explain the verdict on one report, or count verdicts and refusals by reason."""
    if report_id is None:
        counts = ask(cli, "GET", "/counts", epoch=number)
        found = sorted((kind, reason, count) for kind, reasons in counts.items() for reason, count in reasons.items())
        show(counts, json_wanted=as_json_, text=lambda: table(("kind", "reason", "count"), found))
        return
    answer = ask(cli, "GET", f"/reports/{report_id}")
    headers = ("rule", "passed", "value", "limit", "margin", "unit", "fault")
    rows = [[line[name] for name in headers] for line in answer["rules"]]
    verdict = "valid" if answer["valid"] else answer["reason"]
    show(answer, json_wanted=as_json_, text=lambda: f"{verdict}\n{table(headers, rows)}\n{answer.get('note', '')}")


for _command in (manifest, profile, signers):
    oracle.add_command(_command)
