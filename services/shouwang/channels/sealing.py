"""Web push as its standards write it: sealed for one browser (RFC 8291, RFC 8188), signed for its service (RFC 8292).

Twenty lines around a well-kept library's primitives; the worked example of RFC 8291 is a test. Nothing is loaded before
somebody turns push on.
"""

import base64
import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

RECORD_SIZE = 4096
LARGEST = 3_800
"""Bytes of a message: what every push service takes (RFC 8030 section 7.2), less the frame."""


def new_key() -> bytes:
    """A private key of P-256, by which push services know this site."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")


def public_point(key: bytes) -> bytes:
    """The uncompressed point of a private key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _private(key).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def seal(plain: bytes, receiver: bytes, secret: bytes, *, key: bytes | None = None, salt: bytes | None = None) -> bytes:
    """``receiver``: the browser's point, ``secret``: its authentication secret. ``key``, ``salt``: fresh ones, but for
    the example. Raises ValueError for a point that lies on no curve, or more than ``LARGEST`` bytes."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(plain) > LARGEST:
        raise ValueError(f"{len(plain)} bytes are more than a push service takes; expected {LARGEST} at most")
    key, salt = key or new_key(), salt or os.urandom(16)
    sender = public_point(key)
    shared = _private(key).exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), receiver))
    material = _derived(shared, secret, b"WebPush: info\0" + receiver + sender, 32)
    content_key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(sender)]) + sender
    return header + AESGCM(content_key).encrypt(nonce, plain + b"\x02", None)


def signature(key: bytes, audience: str, subject: str, expires: int) -> str:
    """The Authorization header for a push service. ``audience``: its origin; ``expires``: seconds since 1970, at most
    24 hours ahead."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    claims = {"aud": audience, "exp": expires, "sub": subject}
    signed = ".".join(encoded(msgspec.json.encode(part)) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(_private(key).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    return f"vapid t={token}, k={encoded(public_point(key))}"


def encoded(value: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _private(key: bytes) -> "ec.EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(int.from_bytes(key, "big"), ec.SECP256R1())


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
