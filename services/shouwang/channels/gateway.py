"""Telephone and message gateways over HTTP, as their templates say: the message filled in, signed, sent, understood.

Several gateways may carry one kind of contact: where one does not take a message, the next is asked in the same
attempt. No value of a request, least of all a secret or a number, is ever in a detail or a log.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import h11
import httpx
import msgspec

from shouwang.channels.address import Fence, split
from shouwang.channels.post import Answer, Forbidden, Judge, Poster
from shouwang.channels.probing import look_at, servers_of
from shouwang.channels.signing import Draft, signed
from shouwang.domain.alert import CLASS_ZH, AlertClass
from shouwang.domain.contact import number_of
from shouwang.domain.duty import Contact, Person
from shouwang.domain.errors import ConfigError
from shouwang.domain.gateway import Template, failed, fill, read_answer
from shouwang.domain.message import CLASS_EN
from shouwang.domain.notice import Failure, Message, Outcome, Refused, Sent, Unreachable
from shouwang.domain.pulse import Look
from shouwang.domain.receipt import international, is_emergency_service, national
from shouwang.domain.vocabulary import DeliveryKey, Instant
from shouwang.ports import Clock

LEAST_SECONDS = 2.0
"""Of one gateway's turn."""


class Gateways:
    """``ports.Channel`` for one kind of contact. The poster and the fence are shared with other channels."""

    def __init__(
        self,
        name: str,
        templates: Sequence[Template],
        values: Mapping[str, str],
        clock: Clock,
        poster: Poster,
        *,
        fence: Fence | None = None,
        seconds: float = 10.0,
        callback_url: Callable[[str], str] = lambda _gateway: "",
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """``templates``: in the order in which they are asked. ``values``: what the templates need, secrets among them.
        ``seconds``: one attempt, over all of them. ``callback_url(gateway)``: where it may report to, empty for
        nowhere. Raises ConfigError for a value that is missing, naming it."""
        self.name = name
        self._templates = templates
        self._values = values
        self._clock = clock
        self._poster = poster
        self._fence = fence or Fence()
        self._seconds = seconds
        self._callback_url = callback_url
        self._nonce = nonce
        for template in templates:
            if missing := sorted(set(template.needs) - set(values)):
                raise ConfigError(
                    f"gateway {template.gateway} needs {', '.join(missing)}: set them in gateway_values, "
                    f"or leave it out of the setting gateways"
                )

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        """The first gateway that takes it decides; one that refuses the address itself ends the attempt too."""
        outcome: Outcome = Refused(f"no gateway carries {self.name}")
        left = self._seconds
        for index, template in enumerate(self._templates):
            seconds = max(LEAST_SECONDS, left / (len(self._templates) - index))
            outcome = await self._ask(template, message, person, contact, seconds)
            left = max(0.0, left - seconds)
            if isinstance(outcome, Sent) or outcome.failure in (Failure.REFUSED, Failure.NO_ANSWER):
                break
        return outcome

    async def probe(self, contacts: Sequence[Contact]) -> Look | None:
        """A connection to each gateway's server; where the address is the contact's own, to those."""
        addresses: list[tuple[str, Judge | None]] = []
        for template in self._templates:
            for contact in contacts if "{contact_url}" in template.request.url else [Contact(kind=self.name)]:
                values = {**template.defaults, **self._values, "contact_url": contact.url}
                with suppress(KeyError, ValueError):  # an address that needs the message itself is not looked at
                    url = str(fill(template.request.url, values))
                    addresses.append((url, self._fence.judge if contact.guarded else None))
        return await look_at(self._poster, servers_of(addresses), seconds=self._seconds)

    async def _ask(
        self, template: Template, message: Message, person: Person, contact: Contact, seconds: float
    ) -> Outcome:
        number = number_of(person, contact)
        if template.to == "number" and not national(number):
            return Refused(f"{template.gateway}: the person has no telephone number here")
        if template.to == "number" and is_emergency_service(number):
            return Refused(f"{template.gateway}: emergency services are called by a person, never by a machine")
        values = {
            **template.defaults,
            **self._values,
            **facts_of(message, person, contact),
            "callback_url": self._callback_url(template.gateway),
        }
        hidden = [
            *(values[name] for name in template.needs),
            number,
            international(number),
            national(number),
            contact.url,
            contact.secret,
        ]
        try:
            draft = draft_of(template, values, message.key, self._clock.now(), self._nonce())
        except (KeyError, ValueError) as error:
            return Refused(_clean(f"{template.gateway}: there can be no such request: {error}", hidden), Failure.AUTH)
        host, _, problem = split(draft.url)
        if problem:
            return Refused(_clean(f"{template.gateway}: {problem}", hidden))
        try:
            answer = await self._post(draft, contact, seconds)
        except TimeoutError:
            return Unreachable(f"{template.gateway}: {host}: no answer within {seconds:g} s")
        except Forbidden as error:
            return Refused(f"{template.gateway}: {error}")
        except (OSError, RuntimeError, h11.RemoteProtocolError) as error:
            return Unreachable(f"{template.gateway}: {host}: {type(error).__name__}")
        except (httpx.InvalidURL, h11.LocalProtocolError, ValueError) as error:
            return failed(Failure.AUTH, _clean(f"{template.gateway}: there can be no such request: {error}", hidden))
        outcome = read_answer(template, answer.status, document_in(answer.body))
        if isinstance(outcome, Sent):
            return outcome
        return msgspec.structs.replace(outcome, detail=_clean(outcome.detail, hidden))

    async def _post(self, draft: Draft, contact: Contact, seconds: float) -> Answer:
        url = httpx.URL(draft.url)
        if draft.query:
            url = url.copy_merge_params(draft.query)
        body, headers = draft.body, dict(draft.headers)
        if draft.form is not None:
            body = urlencode(draft.form).encode()
            headers.setdefault("content-type", "application/x-www-form-urlencoded")
        return await self._poster.post(
            url,
            body,
            {"user-agent": "Shouwang", **headers},
            seconds=seconds,
            judge=self._fence.judge if contact.guarded else None,
            method=draft.method,
            wants_body=True,
        )


def draft_of(template: Template, values: Mapping[str, str], key: DeliveryKey, now: Instant, nonce: str) -> Draft:
    """The request, filled and signed. Raises KeyError for a missing value, ValueError for a key that is none."""
    request = fill(msgspec.to_builtins(template.request), values)
    headers = {name.lower(): value for name, value in request["headers"].items()}
    body = b""
    if request["json"] is not None:
        body = msgspec.json.encode(request["json"])
        headers.setdefault("content-type", "application/json; charset=utf-8")
    draft = Draft(
        method=request["method"],
        url=request["url"],
        headers=headers,
        query=_flat(request["query"]),
        form=None if request["form"] is None else _flat(request["form"]),
        body=body,
    )
    if template.sign is None:
        return draft
    sign = msgspec.convert(fill(msgspec.to_builtins(template.sign), values), type(template.sign))
    return signed(draft, sign, key, now, nonce)


def facts_of(message: Message, person: Person, contact: Contact) -> dict[str, str]:
    """What templates may say of a message: texts, by name (docs/channels.md)."""
    body = message.body
    incident, alert, place = (_mapping(body.get(name)) for name in ("incident", "alert", "place"))
    in_chinese = person.language.startswith("zh")
    klass = AlertClass(str(alert.get("class") or incident.get("class") or AlertClass.WARNING))
    title = _mapping(alert.get("title") or incident.get("title"))
    marks = [("演练", "drill")] * bool(body.get("drill")) + [("测试", "test")] * bool(body.get("test"))
    drill = "".join(zh if in_chinese else en for zh, en in marks)
    words = str(title.get("zh" if in_chinese else "en") or next(iter(title.values()), ""))
    name = CLASS_ZH[klass] if in_chinese else CLASS_EN[klass]
    number = number_of(person, contact)
    url, code = str(body.get("url") or ""), str(body.get("code") or "")
    return {
        "number": international(number),
        "national": national(number),
        "key": message.key,
        "text": message.text + (f" {url}" if url else ""),
        "what": message.text.rpartition("】")[2] or message.text,
        "where": str(place.get("name") or ""),
        "title": " ".join(part for part in (words if drill in words else drill + words, code) if part),
        "class": f"{drill}{name}",
        "drill": drill,
        "why": str(body.get("why") or ""),
        "time": str(body.get("sent_at") or ""),
        "url": url,
        "code": code,
        "contact_url": contact.url,
        "contact_secret": contact.secret,
    }


def document_in(body: bytes) -> Any:
    """The JSON document of an answer, else its text."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body[:500].decode("utf-8", "replace")


def _flat(values: Mapping[str, Any]) -> dict[str, str]:
    """Form fields and query parameters: what is not a text is sent as JSON text."""
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in values.items()
    }


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _clean(detail: str, hidden: Sequence[str]) -> str:
    for value in sorted((one for one in hidden if len(one) > 3), key=len, reverse=True):
        detail = detail.replace(value, "…")
    return detail
