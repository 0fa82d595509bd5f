import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_keys.software import SoftwareSigner
from skerry_wire.add_gateway import read_add_gateway
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.blockchain_txn_pb2 import blockchain_txn, blockchain_txn_add_gateway_v1
from skerry_wire.signing import sign_message

GATEWAY = SoftwareSigner.from_seed(b"\x01" * 32)
OWNER = SoftwareSigner.from_seed(b"\x02" * 32).public_key


def built() -> str:
    inner = blockchain_txn_add_gateway_v1(owner=OWNER, gateway=GATEWAY.public_key, payer=OWNER)
    sign_message(inner, GATEWAY, field="gateway_signature")
    return base64.b64encode(blockchain_txn(add_gateway=inner).SerializeToString(deterministic=True)).decode("ascii")


def test_a_built_transaction_is_signed_by_its_gateway() -> None:
    txn = read_add_gateway(built())
    assert (txn.owner, txn.gateway, txn.payer) == (OWNER, GATEWAY.public_key, OWNER)
    assert txn.gateway_signature_valid


def test_a_changed_transaction_is_not_signed() -> None:
    raw = base64.b64decode(built())
    other = SoftwareSigner.from_seed(b"\x03" * 32).public_key
    changed = base64.b64encode(raw.replace(OWNER, other)).decode()
    assert not read_add_gateway(changed).gateway_signature_valid


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode()))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(MessageRejected, match="not_add_gateway"):
        read_add_gateway(text)
