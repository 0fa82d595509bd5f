"""`skerry simulate` with options and names that cannot be meant."""

import pytest
from click.testing import CliRunner

from skerry_agent.cli.simulate import simulate


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["quectl-rm520"], "did you mean quectel-rm520n?"),
        (["toaster"], "there is no emulator 'toaster'; see skerry simulate --list"),
        (["p1-v5", "--hangs-after", "3"], "--hangs-after goes with rak3172, rn2483, wio-e5 only"),
        (["sunspec-battery", "--port", "80000"], "80000 is not in the range"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(arguments: list[str], told: str) -> None:
    ran = CliRunner().invoke(simulate, arguments)
    assert ran.exit_code == 2
    assert told in ran.output
