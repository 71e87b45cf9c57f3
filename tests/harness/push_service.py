"""A push service as makers of browsers run them, which records; and a browser that opens what is sealed for it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Browser:
    """What a browser keeps of its subscription."""

    def __init__(self, private: bytes | None = None, auth: bytes = bytes(range(16))) -> None:
        self._key = (
            ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
            if private
            else ec.generate_private_key(ec.SECP256R1())
        )
        self.point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.auth = auth

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": encoded(self.point), "auth": encoded(self.auth)}

    def open(self, body: bytes) -> bytes:
        """Raises where it was not sealed for this browser (RFC 8291 section 4)."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self._key.exchange(ec.ECDH(), point)
        material = _derived(shared, self.auth, b"WebPush: info\0" + self.point + sender, 32)
        key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert plain.endswith(b"\x02"), "the last record ends with its mark"
        return plain[:-1]


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


@dataclass
class Pushed:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    def claims(self, site_key: str) -> dict[str, object]:
        """What the site's signature says. Raises where it is not its signature (RFC 8292 section 2)."""
        scheme, _, given = self.headers["authorization"].partition(" ")
        values = dict(part.strip().split("=", 1) for part in given.split(","))
        assert (scheme, values["k"]) == ("vapid", site_key)
        head, claims, signature = values["t"].split(".")
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpadded(site_key))
        raw = unpadded(signature)
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        point.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        assert json.loads(unpadded(head)) == {"typ": "JWT", "alg": "ES256"}
        found: dict[str, object] = json.loads(unpadded(claims))
        return found


@dataclass
class PushService:
    """``answers``: statuses by path, in turn, then 201; None hangs."""

    port: int = 0
    answers: dict[str, list[int | None]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    pushed: list[Pushed] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def endpoint(self, name: str) -> str:
        return f"{self.origin}/push/{name}"

    def at(self, name: str) -> list[Pushed]:
        return [one for one in self.pushed if one.path == f"/push/{name}"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := (await reader.readline()).decode().strip():
                path, headers = line.split(" ")[1], {}
                while field_line := (await reader.readline()).decode().strip():
                    name, _, value = field_line.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.pushed.append(Pushed(path, headers, body))
                turns = self.answers.get(path.removeprefix("/push/"), [])
                status = turns.pop(0) if turns else 201
                if status is None:
                    await asyncio.sleep(30)
                more = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n{more}\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.close()
