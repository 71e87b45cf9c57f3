"""Voice and message gateways as data: how a message becomes their request, and what their answers mean.

A template says it all for one gateway (``channel_templates/*.yaml``). Everything here is pure: filling it with a
message, reading an answer, reading what the gateway calls back. Sending and signing are a channel's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from shouwang.domain.notice import DeliveryState, Failure, Outcome, Refused, Sent, Unreachable
from shouwang.domain.receipt import Receipt, answer_in
from shouwang.domain.vocabulary import MINUTE, Duration, Value

RATE_PAUSE: Duration = MINUTE
"""A gateway that wants fewer messages gets this one again after a minute; the person's next contact goes at once."""

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")

FACTS = frozenset(
    {
        "number", "national", "contact_url", "contact_secret", "key", "text", "what", "where", "title", "class",
        "drill", "why", "time", "url", "code", "callback_url",
    }
)  # fmt: skip
"""What a message says of itself, whatever the gateway."""

Json: TypeAlias = Any


class Scheme(StrEnum):
    """How a request is signed, by whose rules (channels/signing.py)."""

    ALIYUN_RPC = "aliyun-rpc"
    TENCENT_TC3 = "tencent-tc3"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    HMAC_SHA256 = "hmac-sha256"
    STANDARD_WEBHOOKS = "standard-webhooks"


class Request(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of ``form`` and ``json`` is the body. A mapping or list inside ``form`` or ``query`` is sent as JSON text."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    query: dict[str, Json] = msgspec.field(default_factory=dict)
    form: dict[str, Json] | None = None
    json: Json = None


class Sign(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``id`` and ``key`` are filled like everything else. ``service``, ``action``, ``version``, ``region``: of
    Tencent's header."""

    scheme: Scheme
    key: str
    id: str = ""
    service: str = ""
    action: str = ""
    version: str = ""
    region: str = ""


class Match(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place in a JSON document (``Response.Error.Code``, lists by number), and what is expected there: one of
    ``equals``, or a text that begins with one of ``begins``; without either, anything but nothing."""

    path: str
    equals: list[str | int | bool] | None = None
    begins: list[str] | None = None


class Rule(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A failure by the HTTP status, by a place in the answer, or both."""

    failure: Failure
    status: list[int] | None = None
    where: Match | None = None


class Callback(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the gateway posts to us: one document, or a list of them (``each``: where in the body, the first of several
    places where anything stands; empty: the body itself, a list or one). Paths find the delivery by our ``key``, by its
    ``reference``, by the ``number``. ``delivered``, ``seen``: what says so. ``failures``: what says that it did not
    arrive. ``answer``: where a pressed key or the text of a reply stands. ``reply``: the body with which we answer.
    ``sign``: the key (a placeholder) of a Standard Webhooks signature; without it the address must bear a secret."""

    each: str = ""
    key: str = ""
    reference: str = ""
    number: str = ""
    delivered: Match | None = None
    seen: Match | None = None
    failures: list[Rule] = msgspec.field(default_factory=list)
    answer: str = ""
    detail: str = ""
    reply: Json = None
    sign: str = ""


class Example(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``answer`` with ``status``: what ``expect`` makes of it, ``sent`` or a failure. ``called_back``: a body, and the
    receipts that it holds, each in one word (delivered, seen, a failure, an answer)."""

    answer: Json = None
    status: int = 200
    expect: str = ""
    reference: str = ""
    called_back: Json = None
    receipts: list[str] = msgspec.field(default_factory=list)


class Template(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway. ``carries``: the kinds of contact that it serves. ``needs``: values that the setting
    ``gateway_values`` must hold; ``defaults``: those that it may. ``success`` absent: any 2xx. ``to``: ``number`` or
    ``url``, what of a contact it needs. Rules of ``failures`` are asked in order, before the meaning of the status."""

    gateway: str
    carries: list[str]
    request: Request
    title: dict[str, str] = msgspec.field(default_factory=dict)
    to: str = "number"
    needs: list[str] = msgspec.field(default_factory=list)
    defaults: dict[str, str] = msgspec.field(default_factory=dict)
    sign: Sign | None = None
    success: Match | None = None
    reference: str = ""
    failures: list[Rule] = msgspec.field(default_factory=list)
    detail: str = ""
    callback: Callback | None = None
    examples: list[Example] = msgspec.field(default_factory=list)


def fill(shape: Json, values: Mapping[str, str]) -> Json:
    """The shape with each ``{name}`` in its texts replaced. Raises KeyError for a name that has no value."""
    match shape:
        case str():
            return PLACEHOLDER.sub(lambda found: values[found[1]], shape)
        case dict():
            return {key: fill(held, values) for key, held in shape.items()}
        case list():
            return [fill(held, values) for held in shape]
        case _:
            return shape


def names_in(shape: Json) -> Iterator[str]:
    """Every placeholder of a shape."""
    match shape:
        case str():
            yield from PLACEHOLDER.findall(shape)
        case dict():
            for held in shape.values():
                yield from names_in(held)
        case list():
            for held in shape:
                yield from names_in(held)
        case msgspec.Struct():
            yield from names_in(msgspec.to_builtins(shape))


def read_answer(template: Template, status: int, answer: Json) -> Outcome:
    """What a gateway's answer means. ``answer``: its JSON document, or its text."""
    detail = f"{template.gateway}: HTTP {status}"
    words = [str(dig(answer, path)) for path in template.detail.split() if dig(answer, path) is not None]
    if words:
        detail = f"{template.gateway}: {' '.join(words)}"
    failure = _failure_of(template.failures, status, answer)
    if failure is None and 200 <= status < 300 and (template.success is None or _fits(template.success, answer)):
        return Sent(str(dig(answer, template.reference) or "") if template.reference else "")
    return failed(failure or _by_status(status), detail)


def failed(failure: Failure, detail: str) -> Outcome:
    """What follows from a coded failure. What only we can mend is refused, so that the person's next contact and, where
    there is none, the next level do not wait for us."""
    match failure:
        case Failure.AUTH | Failure.REFUSED:
            return Refused(detail, failure)
        case Failure.RATE:
            return Unreachable(detail, RATE_PAUSE, failure)
        case _:
            return Unreachable(detail, None, failure)


def read_callback(callback: Callback, body: Json) -> list[Receipt]:
    """The receipts in what a gateway posted; those that say nothing are left out."""
    places = [found for place in callback.each.split() if (found := dig(body, place)) is not None]
    held = next(iter(places), None) if callback.each else body
    found = [_receipt(callback, one) for one in (held if isinstance(held, list) else [held]) if isinstance(one, dict)]
    return [one for one in found if one.arrived is not None or one.failure is not None or one.answer is not None]


def word_of(receipt: Receipt) -> str:
    """A receipt in one word: what its person answered, else what became of it."""
    return str(receipt.answer or receipt.failure or receipt.arrived or "nothing")


def dig(document: Json, path: str) -> Json:
    """The value at a path, None where there is none."""
    for part in path.split(".") if path else ():
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def template_problems(template: Template) -> Iterator[tuple[str, str]]:
    """What is wrong with a template as written: (path, message). Its examples are played."""
    known = FACTS | set(template.needs) | set(template.defaults)
    for part in ("request", "sign"):
        for name in dict.fromkeys(names_in(getattr(template, part))):
            if name not in known:
                yield part, f"{{{name}}} is no fact of a message and not among needs or defaults"
    if not template.carries:
        yield "carries", "carries no kind of contact; expected for example [sms]"
    if template.to not in ("number", "url"):
        yield "to", f"{template.to!r} is not understood; expected number or url"
    if template.request.form is not None and template.request.json is not None:
        yield "request", "has both form and json; expected one body"
    if not re.match(r"https?://|\{", template.request.url):
        yield "request.url", "is no address; expected https://…"
    for clash in sorted(FACTS & (set(template.needs) | set(template.defaults))):
        yield "needs", f"{clash!r} is a fact of every message; choose another name"
    if template.callback is not None and not (template.callback.key or template.callback.number):
        yield "callback", "names neither key nor number; expected one of them, else no delivery can be found"
    if not template.examples:
        yield "examples", "has none; expected an answer for sent and one for each failure that it knows"
    for index, example in enumerate(template.examples):
        yield from ((f"examples[{index}]", problem) for problem in _example_problems(template, example))


def _example_problems(template: Template, example: Example) -> Iterable[str]:
    if example.called_back is not None:
        if template.callback is None:
            return ["called_back: the template has no callback"]
        found = [word_of(one) for one in read_callback(template.callback, example.called_back)]
        return [] if found == example.receipts else [f"receipts: expected {example.receipts}, found {found}"]
    outcome = read_answer(template, example.status, example.answer)
    word = "sent" if isinstance(outcome, Sent) else str(outcome.failure)
    if word != example.expect:
        return [f"expect: expected {example.expect!r}, found {word!r}"]
    if isinstance(outcome, Sent) and example.reference and outcome.reference != example.reference:
        return [f"reference: expected {example.reference!r}, found {outcome.reference!r}"]
    return []


def _receipt(callback: Callback, one: Mapping[str, Json]) -> Receipt:
    def text(path: str) -> str:
        found = dig(one, path) if path else None
        return "" if found is None else str(found)

    arrived = None
    if callback.seen is not None and _fits(callback.seen, one):
        arrived = DeliveryState.SEEN
    elif callback.delivered is not None and _fits(callback.delivered, one):
        arrived = DeliveryState.DELIVERED
    failure = None if arrived is not None else _failure_of(callback.failures, 200, one)
    return Receipt(
        key=text(callback.key),
        reference=text(callback.reference),
        number=text(callback.number),
        arrived=arrived,
        failure=failure,
        answer=answer_in(text(callback.answer)),
        detail=text(callback.detail),
    )


def _failure_of(rules: Sequence[Rule], status: int, answer: Json) -> Failure | None:
    for rule in rules:
        by_status = rule.status is None or status in rule.status
        if by_status and (rule.where is None or _fits(rule.where, answer)):
            return rule.failure
    return None


def _by_status(status: int) -> Failure:
    if status in (401, 403, 407):
        return Failure.AUTH
    if status == 429:
        return Failure.RATE
    return Failure.REFUSED if 400 <= status < 500 and status not in (408, 425) else Failure.UNREACHABLE


def _fits(match: Match, answer: Json) -> bool:
    found = dig(answer, match.path)
    if match.equals is None and match.begins is None:
        return found is not None
    # A number and its digits are the same here: gateways write either.
    is_equal = found is not None and any(
        str(found) == str(one) and isinstance(found, bool) == isinstance(one, bool) for one in match.equals or ()
    )
    return is_equal or (isinstance(found, str) and found.startswith(tuple(match.begins or ())))
