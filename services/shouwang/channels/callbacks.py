"""What gateways post back: whether it is they who call, and the receipts in it."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from standardwebhooks import Webhook as Signer
from standardwebhooks import WebhookVerificationError

from shouwang.domain.contact import signing_keys
from shouwang.domain.errors import NotFound
from shouwang.domain.gateway import Template, fill, read_callback
from shouwang.domain.receipt import Receipt


class Callbacks:
    """``api.doors.Callbacks``, over the gateways in use. A gateway that can sign is believed by its signature (Standard
    Webhooks: at most five minutes old), any other by a secret in the address that it was given."""

    def __init__(self, templates: Sequence[Template], values: Mapping[str, str], secret: bytes) -> None:
        self._templates = {one.gateway: one for one in templates if one.callback is not None}
        self._values = values
        self._secret = secret

    @property
    def gateways(self) -> list[str]:
        """Those that may call back."""
        return sorted(self._templates)

    def carries(self, gateway: str) -> list[str]:
        """The kinds of contact that it serves. Raises NotFound."""
        return self._of(gateway).carries

    def token(self, gateway: str) -> str | None:
        """What its address bears; None where it signs."""
        template = self._of(gateway)
        assert template.callback is not None
        return None if template.callback.sign else self._token(gateway)

    def is_genuine(self, gateway: str, token: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Raises NotFound for a gateway that is not in use. ``headers``: names in lower case."""
        template = self._of(gateway)
        assert template.callback is not None
        if not template.callback.sign:
            return hmac.compare_digest(token.encode(), self._token(gateway).encode())
        secret = fill(template.callback.sign, {**template.defaults, **self._values})
        return any(_verifies(key, headers, body) for key in signing_keys(secret))

    def read(self, gateway: str, body: bytes) -> list[Receipt]:
        """Raises NotFound, and ValueError for a body that is no JSON."""
        callback = self._of(gateway).callback
        assert callback is not None
        return read_callback(callback, msgspec.json.decode(body))

    def reply(self, gateway: str) -> Any:
        """What the gateway wants to hear."""
        callback = self._of(gateway).callback
        assert callback is not None
        return callback.reply if callback.reply is not None else {"ok": True}

    def _of(self, gateway: str) -> Template:
        template = self._templates.get(gateway)
        if template is None:
            raise NotFound(f"there is no gateway {gateway!r} that calls back")
        return template

    def _token(self, gateway: str) -> str:
        return hmac.digest(self._secret, f"shouwang callback 1\0{gateway}".encode(), hashlib.sha256).hex()[:32]


def _verifies(key: bytes, headers: Mapping[str, str], body: bytes) -> bool:
    # The library raises a bare error for a header that is not of its form.
    if not re.fullmatch(r"\d{1,12}", headers.get("webhook-timestamp", "")):
        return False
    try:
        Signer(key).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
