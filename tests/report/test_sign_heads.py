"""Signed heads: what holds, what does not, with local keys and with AWS KMS."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto import mock_aws

from reporter.model import Run
from reporter.report.sign import SignError, by_key, by_kms, new_key, public_half, signed_head, verified_head

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
RUN = Run(
    "r-1", NOW, status="sealed", seq=47, root="ab" * 32, chain="cd" * 32, tool_version="1", organization="o-1",
)  # fmt: skip


def pem(key, password=b""):
    """A private key as PEM."""
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


@pytest.mark.parametrize(
    "key", [new_key(), pem(ec.generate_private_key(ec.SECP256R1())), pem(ec.generate_private_key(ec.SECP384R1()))]
)
def test_a_signature_holds_for_what_was_signed(key):
    """Ed25519 and ECDSA: the statement comes back whole, with the given public key and with the one it names."""
    document = signed_head(RUN, by_key(key), NOW)
    stated = verified_head(document, public_half(key))
    assert (stated["seq"], stated["chain"], stated["root"]) == (47, RUN.chain, RUN.root)
    assert stated["signed_at"] == "2026-11-22T08:00:00Z"
    assert verified_head(document) == stated


@pytest.mark.parametrize("field", ["seq", "chain", "root", "as_of", "organization", "run", "tool_version", "signed_at"])
def test_any_altered_word_breaks_it(field):
    """Whatever of the statement is altered, the signature no longer holds."""
    key = new_key()
    document = json.loads(signed_head(RUN, by_key(key), NOW))
    document["statement"][field] = 48 if field == "seq" else "x"
    with pytest.raises(SignError, match="was altered"):
        verified_head(json.dumps(document).encode(), public_half(key))


def test_another_key_or_algorithm_is_no_witness():
    """A head signed by somebody else, or claiming another algorithm, does not hold for the given key."""
    document = signed_head(RUN, by_key(new_key()), NOW)
    with pytest.raises(SignError, match="not signed by the given key"):
        verified_head(document, public_half(new_key()))
    curve = pem(ec.generate_private_key(ec.SECP256R1()))
    wrong = json.loads(signed_head(RUN, by_key(curve), NOW))
    wrong["signature"]["algorithm"] = "none"
    with pytest.raises(SignError, match="was altered"):
        verified_head(json.dumps(wrong).encode(), public_half(curve))


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"statement": {}, "signature": {"value": "?"}}', b"\xff"])
def test_what_is_no_signed_head_is_said_to_be_none(document):
    """Any other file is refused in one sentence."""
    with pytest.raises(SignError, match="is no signed head"):
        verified_head(document)


def test_unusable_keys_are_refused_with_the_remedy():
    """Rubbish, a locked key without its password, and a kind that is not taken."""
    for data in (b"rubbish", pem(ec.generate_private_key(ec.SECP256R1()), b"secret")):
        with pytest.raises(SignError, match="--new-key"):
            by_key(data)
    with pytest.raises(SignError, match="neither Ed25519 nor ECDSA"):
        by_key(pem(rsa.generate_private_key(65537, 2048)))
    locked = pem(ec.generate_private_key(ec.SECP256R1()), b"secret")
    assert by_key(locked, "secret").algorithm == "ECDSA_SHA_256"
    with pytest.raises(SignError, match="is not sealed"):
        signed_head(replace(RUN, seq=None), by_key(new_key()), NOW)


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "RSA_2048"])
def test_kms_signs(monkeypatch, spec):
    """An asymmetric KMS key signs; the public half comes along and is enough to verify without AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)  # another test's simulated AWS is none of this one's business
    with mock_aws():
        kms = boto3.Session().client("kms", region_name="eu-west-1")
        made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec=spec)["KeyMetadata"]
        signer = by_kms(made["KeyId"], "eu-west-1")
        document = signed_head(RUN, signer, NOW)
        symmetric = kms.create_key()["KeyMetadata"]["KeyId"]
        with pytest.raises(SignError, match=symmetric):
            by_kms(symmetric, "eu-west-1")
    assert made["KeyId"] in signer.key
    assert verified_head(document, signer.public_key)["seq"] == 47
