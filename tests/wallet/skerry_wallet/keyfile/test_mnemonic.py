import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_wallet.keyfile.bip39 import entropy_of, expand_words, words_of
from skerry_wallet.keyfile.errors import KeyImportRejected
from skerry_wallet.keyfile.mnemonic import candidate_keys, decode_helium, encode_helium, seed_from_words
from skerry_wallet.keyfile.slip10 import derive_ed25519

PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
OLD_PHRASE = "catch poet clog intact scare jacket throw palm illegal buyer allow figure"


@given(st.sampled_from([16, 20, 24, 28, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_a_phrase_gives_its_entropy_and_checksum_back(entropy: bytes) -> None:
    got, checksum, expected = entropy_of(expand_words(words_of(entropy)))
    assert got == entropy
    assert checksum == expected


@given(st.binary(min_size=32, max_size=32))
def test_helium_phrases_give_their_seed_back(entropy: bytes) -> None:
    assert decode_helium(encode_helium(entropy)).entropy == entropy
    doubled = entropy[:16] * 2
    assert len(encode_helium(doubled).split()) == 12
    assert decode_helium(encode_helium(doubled)).entropy == doubled


def test_every_likely_path_is_offered_once_with_its_own_address() -> None:
    candidates = {candidate.path: candidate.public_key.solana_address for candidate in candidate_keys(PHRASE)}
    assert candidates["helium"] == "4zvwRjXUKGfvwnParsHAS3HuSVzV5cA4McphgmoCtajS"
    assert candidates["m/44'/501'/0'/0'"] == "HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk"
    assert candidates["m/44'/501'"] == "D2PPQSYFe83nDzk96FqGumVU8JA7J8vj2Rhjc2oXzEi5"
    assert candidates["none"] == "EHqmfkN89RJ7Y33CXM6uCzhVeuywHoJXZZLszBHHZy7o"
    assert {"m/44'/904'", "m/44'/904'/0'/0'", "m/44'/501'/9'/0'", "m/44'/501'/9'"} <= candidates.keys()
    assert len(set(candidates.values())) == len(candidates)


def test_a_phrase_that_only_helium_accepts_gives_only_that_key() -> None:
    assert [candidate.path for candidate in candidate_keys(OLD_PHRASE)] == ["helium"]
    assert not decode_helium(OLD_PHRASE).verified
    with pytest.raises(KeyImportRejected, match="invalid_checksum"):
        seed_from_words(OLD_PHRASE, path="m/44'/501'")


def test_a_fifteen_word_phrase_works_for_solana_paths_only() -> None:
    phrase = words_of(bytes(20))
    assert "helium" not in {candidate.path for candidate in candidate_keys(phrase)}
    with pytest.raises(KeyImportRejected, match="invalid_word_count"):
        decode_helium(phrase)


def test_an_error_names_the_position_and_never_the_word() -> None:
    with pytest.raises(KeyImportRejected) as caught:
        expand_words(PHRASE.replace("about", "secretword"))
    assert "12" in str(caught.value)
    assert "secretword" not in str(caught.value)


@pytest.mark.parametrize("path", ["", "m", "m/44", "44'/501'", "m/44'/", "m/44'/x'", f"m/{2**31}'", "m/44'/501'\n"])
def test_a_path_that_is_not_fully_hardened_is_refused(path: str) -> None:
    with pytest.raises(KeyImportRejected, match="invalid_path"):
        derive_ed25519(bytes(64), path)


def test_slip10_gives_the_published_key_of_its_first_test_vector() -> None:
    seed = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
    assert derive_ed25519(seed, "m/0'").hex() == "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3"


@given(st.text(max_size=120))
def test_any_text_as_a_phrase_is_refused_or_read(text: str) -> None:
    with pytest.raises(KeyImportRejected):
        decode_helium(text)


def test_no_seed_shows_in_the_text_form_of_a_candidate() -> None:
    for candidate in candidate_keys(PHRASE, accounts=1):
        assert repr(candidate.seed) not in repr(candidate)
    assert "entropy" not in repr(decode_helium(PHRASE))
