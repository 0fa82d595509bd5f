import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys.software import SoftwareSigner
from skerry_wire.add_gateway import build_add_gateway, read_add_gateway
from skerry_wire.errors import MessageRejected

GATEWAY = SoftwareSigner.from_seed(b"\x01" * 32)
OWNER = SoftwareSigner.from_seed(b"\x02" * 32).public_key


def test_a_built_transaction_is_signed_by_its_gateway() -> None:
    txn = read_add_gateway(build_add_gateway(owner=OWNER, payer=OWNER, signer=GATEWAY))
    assert (txn.owner, txn.gateway, txn.payer) == (OWNER, GATEWAY.public_key, OWNER)
    assert txn.gateway_signature_valid


def test_a_changed_transaction_is_not_signed() -> None:
    raw = base64.b64decode(build_add_gateway(owner=OWNER, payer=OWNER, signer=GATEWAY))
    other = SoftwareSigner.from_seed(b"\x03" * 32).public_key
    changed = base64.b64encode(raw.replace(OWNER, other)).decode()
    assert not read_add_gateway(changed).gateway_signature_valid


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode()))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(MessageRejected, match="not_add_gateway"):
        read_add_gateway(text)
