"""The operator's folder: what is fixed for the network's life, and five roles' keys."""

from pathlib import Path

import pytest

from skerry_agent.operator.network_file import OperatorFolder
from skerry_core.errors import UserError
from skerry_testing.house import network_file
from skerry_testing.oracle import signer


def test_the_facts_come_back_as_they_were_written(tmp_path: Path) -> None:
    folder = OperatorFolder(tmp_path / "operator")
    assert not folder.exists
    folder.write(network_file())
    assert folder.exists
    assert folder.read() == network_file()
    specs = {spec.name: (spec.decimals, spec.frozen) for spec in folder.read().specs()}
    assert specs == {"demo-IOT": (6, False), "demo-DC": (0, True)}


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "{}", '{"network": "x"}', '{"colour": "red"}'])
def test_a_broken_file_is_told_with_a_remedy(tmp_path: Path, content: str) -> None:
    folder = OperatorFolder(tmp_path)
    (tmp_path / "network.json").write_text(content)
    with pytest.raises(UserError) as caught:
        folder.read()
    assert (caught.value.code, bool(caught.value.remedy)) == ("E_OPERATOR_FOLDER", True)


def test_a_key_is_private_and_never_replaced(tmp_path: Path) -> None:
    folder = OperatorFolder(tmp_path)
    folder.keep_key("payer", signer("payer"))
    assert folder.key("payer").public_key == signer("payer").public_key
    with pytest.raises(UserError, match="never replaced"):
        folder.keep_key("payer", signer("other"))
    (tmp_path / "payer.key").chmod(0o644)
    with pytest.raises(UserError, match="others can read"):
        folder.key("payer")
    with pytest.raises(UserError, match="E_OPERATOR_FOLDER"):
        folder.key("oracle")
