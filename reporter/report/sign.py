"""Signing the head of the chain: a small document that says which run had which head, signed by a local key or by AWS KMS.

The chain proves that the history agrees with its head; the signature proves who vouched for that head, and when. Local keys are
Ed25519 or ECDSA on P-256 or P-384, as unencrypted or encrypted PEM. This is the one place outside reading and delivering that
speaks to AWS, and only where a KMS key is named.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from reporter.documents.canonical import canonical_json
from reporter.model import Run

SCHEMA = "reporter/head/1"
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey
# KMS's names of what we can verify, the preferred first.
KMS_ALGORITHMS = ("ECDSA_SHA_256", "ECDSA_SHA_384", "RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256")
_HASHES: Mapping[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384()}


class SignError(Exception):
    """A key that cannot be used, or a signature that does not hold; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: what its signatures are called, its public half, and the act."""

    algorithm: str  # ed25519, or KMS's name
    key: str  # fingerprint, or the KMS key's ARN
    public_key: str  # PEM
    sign: Callable[[bytes], bytes]


def new_key() -> bytes:
    """A fresh Ed25519 private key as PEM."""
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_half(pem: bytes, password: str = "") -> str:
    """The public key of a private one, as PEM: what is given to those who verify."""
    return by_key(pem, password).public_key


def by_key(pem: bytes, password: str = "") -> Signer:
    """A signer with a local private key."""
    try:
        key = serialization.load_pem_private_key(pem, password.encode() or None)
    except (ValueError, TypeError) as error:
        raise SignError(f"the signing key cannot be read: {error}; `reporter sign --new-key FILE` makes one") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return Signer("ed25519", fingerprint(key.public_key()), _pem(key.public_key()), key.sign)
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in {"secp256r1", "secp384r1"}:
        size = "256" if key.curve.name == "secp256r1" else "384"
        curve_key = key
        return Signer(
            f"ECDSA_SHA_{size}",
            fingerprint(key.public_key()),
            _pem(key.public_key()),
            lambda data: curve_key.sign(data, ec.ECDSA(_HASHES[size])),
        )
    raise SignError(
        "the signing key is neither Ed25519 nor ECDSA on P-256 or P-384; `reporter sign --new-key FILE` makes one"
    )


def by_kms(key_id: str, region: str = "", endpoint_url: str = "") -> Signer:
    """A signer with an asymmetric KMS key; needs kms:GetPublicKey and kms:Sign on it."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    kms = boto3.Session().client("kms", region_name=region or None, endpoint_url=endpoint_url or None)

    def asked(operation: Callable[..., Any], **params: Any) -> Any:
        try:
            return operation(KeyId=key_id, **params)
        except (ClientError, BotoCoreError) as error:
            raise SignError(f"KMS key {key_id}: {error}; signing needs kms:GetPublicKey and kms:Sign") from None

    known = asked(kms.get_public_key)
    algorithm = next((one for one in KMS_ALGORITHMS if one in known.get("SigningAlgorithms", ())), "")
    if not algorithm:
        raise SignError(
            f"KMS key {key_id}: is no signing key; it must be asymmetric, for SIGN_VERIFY, ECC_NIST_P256 for example"
        )
    public = serialization.load_der_public_key(known["PublicKey"])
    assert isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)

    def sign(data: bytes) -> bytes:
        found = asked(kms.sign, Message=data, MessageType="RAW", SigningAlgorithm=algorithm)
        signature: bytes = found["Signature"]
        return signature

    return Signer(algorithm, str(known["KeyId"]), _pem(public), sign)


def signed_head(run: Run, signer: Signer, now: datetime) -> bytes:
    """The document that vouches for a sealed run's head, as JSON text."""
    if run.seq is None:
        raise SignError(f"run {run.id} is not sealed: it has no head to sign yet")
    statement = {
        "schema": SCHEMA, "organization": run.organization, "run": run.id, "seq": run.seq, "as_of": _text(run.as_of),
        "root": run.root, "chain": run.chain, "tool_version": run.tool_version, "signed_at": _text(now),
    }  # fmt: skip
    return signed(statement, signer)


def signed(statement: Mapping[str, Any], signer: Signer) -> bytes:
    """A statement with the signature over its canonical bytes, as JSON text."""
    signature = {
        "algorithm": signer.algorithm, "key": signer.key, "public_key": signer.public_key,
        "value": base64.b64encode(signer.sign(canonical_json(statement))).decode(),
    }  # fmt: skip
    return json.dumps({"statement": statement, "signature": signature}, indent=2, sort_keys=True).encode() + b"\n"


def verified_head(document: bytes, public_key: str = "") -> Mapping[str, Any]:
    """What a signed head states; raises SignError if the signature does not hold.

    Without a `public_key` from elsewhere it is only shown that the document was not altered after somebody signed it.
    """
    return verified(document, SCHEMA, "signed head of a chain", public_key)


def verified(document: bytes, schema: str, noun: str, public_key: str = "") -> Mapping[str, Any]:
    """What a signed document of a schema states; raises SignError, which calls it by its noun, if the signature does not hold."""
    try:
        parsed = json.loads(document)
        statement, signature = parsed["statement"], parsed["signature"]
        value, algorithm = base64.b64decode(signature["value"], validate=True), str(signature["algorithm"])
        pem = public_key or str(signature["public_key"])
        known = statement["schema"] == schema
    except (ValueError, KeyError, TypeError):
        raise SignError(f"is no {noun}") from None
    if not known:
        raise SignError(f"has the form {statement['schema']!r}, which this version does not know as a {noun}")
    key = load_public(pem)
    try:
        _check(key, algorithm, value, canonical_json(statement))
    except (InvalidSignature, KeyError, ValueError):
        given = "by the given key" if public_key else "by the key it names"
        raise SignError(f"was altered, or not signed {given}") from None
    found: Mapping[str, Any] = statement
    return found


def load_public(pem: str) -> PublicKey:
    """A public key from PEM."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError as error:
        raise SignError(f"the public key cannot be read: {error}") from None
    if not isinstance(key, PublicKey):
        raise SignError("the public key is of a kind that does not sign")
    return key


def fingerprint(key: PublicKey) -> str:
    """SHA-256 of the public key, in short: what people compare."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")


def _check(key: PublicKey, algorithm: str, signature: bytes, data: bytes) -> None:
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, data)
        return
    chosen = _HASHES[algorithm[-3:]]
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, data, ec.ECDSA(chosen))
    elif "PSS" in algorithm:
        key.verify(signature, data, padding.PSS(padding.MGF1(chosen), padding.PSS.AUTO), chosen)
    else:
        key.verify(signature, data, padding.PKCS1v15(), chosen)


def _pem(key: PublicKey) -> str:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
