import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from skerry_keys import KeyRejected, PublicKey, SoftwareSigner, verify
from skerry_keys.helium_message import signed_bytes
from skerry_keys.signer import evidence_message
from skerry_keys.tag import KeyType
from skerry_keys.transaction_message import read_compact_u16

SEED = bytes(range(32))


def message_of(package: str, *, fields: dict[str, bytes]) -> Message:
    """A message of a package with the given bytes fields, made at run time."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    described = file.message_type.add(name="report")
    for number, name in enumerate(fields, start=1):
        described.field.add(
            name=name,
            number=number,
            type=descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
            label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.report"))
    return kind(**fields)


def transaction(*signers: bytes) -> bytes:
    others = [bytes([200]) * 32]
    keys = b"".join([*signers, *others])
    return bytes([len(signers), 0, 1, len(signers) + 1]) + keys + bytes(32) + b"\x00"


def test_a_helium_message_is_signed_without_its_signature() -> None:
    signer = SoftwareSigner.from_seed(SEED)
    report = message_of("helium.poc_lora", fields={"data": b"abc", "signature": b""})
    signature = signer.sign_helium(report)
    report_with_signature = message_of("helium.poc_lora", fields={"data": b"abc", "signature": signature})
    assert signed_bytes(report_with_signature) == b"\x0a\x03abc"
    assert verify(signer.public_key, signed_bytes(report_with_signature), signature)
    assert report_with_signature.signature == signature  # type: ignore[attr-defined]


def test_all_signature_fields_are_left_out() -> None:
    fields = {"owner": b"o", "owner_signature": b"x", "payer_signature": b"y", "gateway_signature": b"z"}
    assert signed_bytes(message_of("helium", fields=fields)) == b"\x0a\x01o"


@pytest.mark.parametrize("package", ["heliumx", "skerry", "google.helium"])
def test_a_message_of_another_package_is_never_signed(package: str) -> None:
    with pytest.raises(ValueError, match="only helium messages"):
        SoftwareSigner.from_seed(SEED).sign_helium(message_of(package, fields={"signature": b""}))


def test_a_message_without_a_signature_field_is_never_signed() -> None:
    with pytest.raises(ValueError, match="no signature field"):
        SoftwareSigner.from_seed(SEED).sign_helium(message_of("helium", fields={"data": b""}))


def test_an_evidence_signature_is_bound_to_domain_and_network() -> None:
    signer = SoftwareSigner.from_seed(SEED)
    signature = signer.sign_evidence("seal", "skerry-open", bytes(32))
    assert verify(signer.public_key, evidence_message("seal", "skerry-open", bytes(32)), signature)
    assert not verify(signer.public_key, evidence_message("seal", "other", bytes(32)), signature)
    assert not verify(signer.public_key, evidence_message("bundle", "skerry-open", bytes(32)), signature)


def test_a_transaction_that_names_the_key_as_a_signer_is_signed() -> None:
    signer = SoftwareSigner.from_seed(SEED)
    message = transaction(b"\x07" * 32, signer.public_key[1:])
    for versioned in (message, b"\x80" + message):
        assert verify(signer.public_key, versioned, signer.sign_transaction(versioned))


@pytest.mark.parametrize(
    "message", [b"", b"hello", transaction(b"\x07" * 32), b"\x81" + transaction(SEED), b"\x01" * 40]
)
def test_bytes_that_are_no_transaction_of_this_key_are_never_signed(message: bytes) -> None:
    with pytest.raises(ValueError):
        SoftwareSigner.from_seed(SEED).sign_transaction(message)


def test_an_unused_account_of_a_transaction_is_not_a_signer() -> None:
    signer = SoftwareSigner.from_seed(SEED)
    message = bytes([1, 0, 1, 2]) + b"\x07" * 32 + signer.public_key[1:] + bytes(32) + b"\x00"
    with pytest.raises(ValueError, match="not a signer"):
        signer.sign_transaction(message)


def test_a_p256_key_signs_no_transactions() -> None:
    counter = iter(range(1, 1000))
    signer = SoftwareSigner.generate(lambda size: next(counter).to_bytes(size, "big"), key_type=KeyType.ECC_COMPACT)
    with pytest.raises(ValueError, match="Ed25519"):
        signer.sign_transaction(transaction(signer.public_key[1:]))


def test_no_secret_shows_in_the_text_forms() -> None:
    signer = SoftwareSigner.from_seed(SEED)
    assert PublicKey(signer.public_key).address in repr(signer)
    for text in (repr(signer), str(signer), repr(signer._key)):
        assert SEED.hex() not in text
        assert repr(SEED) not in text


def test_a_key_file_round_trips() -> None:
    signer = SoftwareSigner.from_seed(SEED, network="testnet")
    assert SoftwareSigner.from_key_file(signer.to_key_file()).public_key == signer.public_key
    assert PublicKey(signer.public_key).network == "testnet"


def test_generation_repeats_until_the_key_is_compact_and_gives_up_on_a_broken_source() -> None:
    not_compact = bytes.fromhex("0480a93d2e9b094b89e08e01976089ac18193af802c66b631cc8d2dc1bae8c88")
    draws = iter([bytes(32), not_compact, bytes.fromhex("f8374ea8637b16cb24fa88566e77c6aa" * 2)])
    signer = SoftwareSigner.generate(lambda _: next(draws), key_type=KeyType.ECC_COMPACT)
    assert PublicKey(signer.public_key).key_type == "ecc_compact"
    with pytest.raises(KeyRejected, match="random source"):
        SoftwareSigner.generate(lambda _: not_compact, key_type=KeyType.ECC_COMPACT)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x00", b"\xff\xff\x04", b"\x80\x80\x80\x01"])
def test_malformed_short_lengths_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_compact_u16(data, 0)


def test_short_lengths_read_low_bits_first() -> None:
    assert read_compact_u16(b"\x7f", 0) == (127, 1)
    assert read_compact_u16(b"\x00\x80\x01", 1) == (128, 3)
    assert read_compact_u16(b"\xff\xff\x03", 0) == (65535, 3)
