"""`skerry demo`: the whole loop on simulated hotspots, in one command."""

import json
import logging
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skerry_agent.cli.context import json_option
from skerry_agent.cli.exits import ERROR, leave
from skerry_agent.cli.progress import ProgressBar
from skerry_core.errors import RefusedError

if TYPE_CHECKING:
    from skerry_agent.demo.result import DemoResult

__all__ = ["demo"]

_OUTPUT = "skerry-demo"
_CAPTURES = Path(__file__).resolve().parents[3] / "tests" / "vectors" / "gwmp"  # in a checkout; a package has none


@click.command()
@click.option(
    "--hotspots", default=12, show_default=True, help="How many hotspots, 12 to 200; the last two are serial."
)
@click.option("--epochs", default=1, show_default=True, type=click.IntRange(1, 48), help="How many epochs to pay.")
@click.option(
    "--seed", default=7, show_default=True, help="Equal seeds give equal verdicts, payouts and manifest hash."
)
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this empty folder.")
@click.option("--captures", type=click.Path(path_type=Path, file_okay=False), help="Folder of captured GWMP datagrams.")
@click.option("--gui", is_flag=True, help="Open the window on the kept demo afterwards (needs --keep).")
@json_option
def demo(
    *, hotspots: int, epochs: int, seed: int, keep: Path | None, captures: Path | None, gui: bool, as_json_: bool
) -> None:
    """Run a neighbourhood of simulated hotspots until their epochs are paid.

    Every hotspot runs the real agent behind a real UDP socket or pseudo-terminal; oracle, signatures and the Solana
    virtual machine are real too. Four frauds are planted and must come out with their exact reasons. The tokens are
    test tokens. Without --keep only the map and the proof are kept, in ./skerry-demo. A kept demo also holds the epoch
    that was running at the end, signed and not paid: `skerry --dir FOLDER rewards claim` shows and pays it.
    """
    from skerry_agent.demo.run import DemoOptions, run_demo
    from skerry_agent.demo.traffic import captured_datagrams

    if gui and keep is None:
        raise click.UsageError("--gui needs --keep FOLDER, which the window then opens")
    logging.basicConfig(level=logging.ERROR)
    with ExitStack() as stack:
        folder = _prepare(keep) if keep else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        progress = stack.enter_context(ProgressBar("demo"))
        options = DemoOptions(
            hotspots=hotspots,
            epochs=epochs,
            seed=seed,
            folder=folder,
            output=keep or Path(_OUTPUT),
            captures=captured_datagrams(captures or _CAPTURES),
            leave_epoch_unpaid=keep is not None,
        )
        result = run_demo(options, progress)
    click.echo(json.dumps(result.to_json()) if as_json_ else _summary(result, keep))
    if gui and keep:
        from skerry_agent.cli.gui import open_window

        open_window(keep)
    if not result.is_good:
        leave(ERROR)


def _prepare(keep: Path) -> Path:
    keep = keep.absolute()
    if keep.exists() and any(keep.iterdir()):
        raise RefusedError(
            "E_DEMO_FOLDER", f"{keep} is not empty.", remedy="Name a new folder: a demo never writes over another."
        )
    keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    return keep


def _summary(result: "DemoResult", keep: Path | None) -> str:
    from skerry_agent.demo.words import summary

    return summary(result, keep)
