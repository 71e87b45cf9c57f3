"""How gateways want their requests signed: one function a scheme, over the request as it will be sent.

Sources: Aliyun "RPC-style signature" (HMAC-SHA1), Tencent Cloud API 3.0 "TC3-HMAC-SHA256", DingTalk and Feishu custom
robots, Standard Webhooks 1.0. Each is checked against the worked example of its source.
"""

import base64
import hashlib
import hmac
from typing import assert_never
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from standardwebhooks import Webhook as Signer

from shouwang.domain.contact import signing_keys
from shouwang.domain.gateway import Scheme, Sign
from shouwang.domain.moment import moment
from shouwang.domain.vocabulary import MILLISECOND, SECOND, DeliveryKey, Instant


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A request before it is sent. ``form`` None: ``body`` is what is sent."""

    method: str
    url: str
    headers: dict[str, str]
    query: dict[str, str]
    form: dict[str, str] | None = None
    body: bytes = b""

    def with_(self, **changes: object) -> "Draft":
        return msgspec.structs.replace(self, **changes)


def signed(draft: Draft, sign: Sign, delivery: DeliveryKey, now: Instant, nonce: str) -> Draft:
    """``sign`` with its placeholders filled. ``nonce``: never used before. Raises ValueError for a key that is none."""
    match sign.scheme:
        case Scheme.ALIYUN_RPC:
            return aliyun_rpc(draft, sign, now, nonce)
        case Scheme.TENCENT_TC3:
            return tencent_tc3(draft, sign, now)
        case Scheme.DINGTALK:
            return dingtalk(draft, sign, now)
        case Scheme.FEISHU:
            return feishu(draft, sign, now)
        case Scheme.HMAC_SHA256:
            at = str(now // SECOND)
            seal = hmac.digest(sign.key.encode(), at.encode() + b"." + draft.body, hashlib.sha256).hex()
            return draft.with_(headers={**draft.headers, "x-timestamp": at, "x-signature": seal})
        case Scheme.STANDARD_WEBHOOKS:
            return standard_webhooks(draft, sign, delivery, now)
        case _:
            assert_never(sign.scheme)


def aliyun_rpc(draft: Draft, sign: Sign, now: Instant, nonce: str) -> Draft:
    """All parameters in the form (or, of a GET, the query), and the signature over both beside them."""
    parameters = {
        **draft.query,
        **(draft.form or {}),
        "Format": (draft.form or draft.query).get("Format", "JSON"),
        "AccessKeyId": sign.id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": nonce,
        "Timestamp": f"{moment(now):%Y-%m-%dT%H:%M:%SZ}",
    }
    canonical = "&".join(f"{_percent(name)}={_percent(value)}" for name, value in sorted(parameters.items()))
    text = f"{draft.method}&%2F&{_percent(canonical)}"
    seal = hmac.digest(f"{sign.key}&".encode(), text.encode(), hashlib.sha1)
    parameters["Signature"] = base64.b64encode(seal).decode()
    if draft.method == "GET":
        return draft.with_(query=parameters)
    return draft.with_(query={}, form=parameters)


def tencent_tc3(draft: Draft, sign: Sign, now: Instant) -> Draft:
    at, host = str(now // SECOND), urlsplit(draft.url).netloc
    date = f"{moment(now):%Y-%m-%d}"
    content_type = draft.headers.get("content-type", "application/json; charset=utf-8")
    names = "content-type;host;x-tc-action"
    canonical = "\n".join(
        (
            draft.method,
            "/",
            urlencode(draft.query),
            f"content-type:{content_type}\nhost:{host}\nx-tc-action:{sign.action.lower()}\n",
            names,
            hashlib.sha256(draft.body).hexdigest(),
        )
    )
    scope = f"{date}/{sign.service}/tc3_request"
    text = "\n".join(("TC3-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"TC3{sign.key}".encode()
    for part in (date, sign.service, "tc3_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    seal = hmac.digest(key, text.encode(), hashlib.sha256).hex()
    return draft.with_(
        headers={
            **draft.headers,
            "content-type": content_type,
            "authorization": f"TC3-HMAC-SHA256 Credential={sign.id}/{scope}, SignedHeaders={names}, Signature={seal}",
            "x-tc-action": sign.action,
            "x-tc-version": sign.version,
            "x-tc-timestamp": at,
            **({"x-tc-region": sign.region} if sign.region else {}),
        }
    )


def dingtalk(draft: Draft, sign: Sign, now: Instant) -> Draft:
    """A robot without a secret is let in by its address, or by a keyword."""
    if not sign.key:
        return draft
    at = str(now // MILLISECOND)
    seal = hmac.digest(sign.key.encode(), f"{at}\n{sign.key}".encode(), hashlib.sha256)
    return draft.with_(query={**draft.query, "timestamp": at, "sign": base64.b64encode(seal).decode()})


def feishu(draft: Draft, sign: Sign, now: Instant) -> Draft:
    """Timestamp and signature stand in the body; the key is both, and what is signed is empty."""
    if not sign.key:
        return draft
    at = str(now // SECOND)
    seal = base64.b64encode(hmac.digest(f"{at}\n{sign.key}".encode(), b"", hashlib.sha256)).decode()
    document = msgspec.json.decode(draft.body, type=dict[str, object])
    return draft.with_(body=msgspec.json.encode({"timestamp": at, "sign": seal, **document}))


def standard_webhooks(draft: Draft, sign: Sign, delivery: DeliveryKey, now: Instant) -> Draft:
    seals = [Signer(key).sign(delivery, moment(now), draft.body.decode()) for key in signing_keys(sign.key)]
    return draft.with_(
        headers={
            **draft.headers,
            "webhook-id": delivery,
            "webhook-timestamp": str(now // SECOND),
            "webhook-signature": " ".join(seals),
        }
    )


def _percent(text: str) -> str:
    """RFC 3986, as Aliyun wants it."""
    return quote(text, safe="-_.~")
