"""Web push: the site's public key, and the browsers that a person asked to be told by."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from shouwang.domain.access import Act, Principal
from shouwang.domain.subscription import ENDPOINT_LIMIT, Subscription, key_problem, subscription_id
from shouwang.domain.vocabulary import PersonId

from .access import Caller, allow
from .doors import Push, TheWindow, Window
from .paging import Page
from .problems import Code, Problem, invalid, not_found
from .questions import time
from .schemas import Sent, Time

router = APIRouter(prefix="/push", tags=["push"])


class KeyOut(BaseModel):
    key: str


class KeysIn(Sent):
    p256dh: str = Field(max_length=100)
    auth: str = Field(max_length=40)


class SubscriptionIn(Sent):
    """As ``PushSubscription.toJSON()`` of the browser has it."""

    endpoint: str = Field(min_length=1, max_length=ENDPOINT_LIMIT)
    keys: KeysIn
    label: str = Field(default="", max_length=100, description="How its person calls this browser.")


class SubscriptionOut(BaseModel):
    id: str
    label: str
    at: Time


@router.get("/key")
def get_key(window: TheWindow, caller: Caller) -> KeyOut:
    """`applicationServerKey` for the browser."""
    allow(caller, Act.READ)
    return KeyOut(key=_push(window).key)


@router.get("/subscriptions")
def list_subscriptions(window: TheWindow, caller: Caller) -> Page[SubscriptionOut]:
    """One's own browsers, the oldest first."""
    person = _person(window, caller)
    return Page(items=[_out(one) for one in _push(window).subscriptions.all() if one.person == person], next=None)


@router.post("/subscriptions", status_code=201)
def subscribe(window: TheWindow, caller: Caller, body: SubscriptionIn) -> SubscriptionOut:
    """One's own browser is told too, beside one's contacts: an extra that never counts as coverage. At most five; the
    same browser again is one."""
    person, push = _person(window, caller), _push(window)
    if problem := key_problem(body.keys.p256dh, body.keys.auth):
        raise invalid("body/keys", problem)
    if problem := push.refusal(body.endpoint):
        raise invalid("body/endpoint", problem)
    made = Subscription(
        id=subscription_id(body.endpoint),
        person=person,
        endpoint=body.endpoint,
        p256dh=body.keys.p256dh,
        auth=body.keys.auth,
        at=window.clock.now(),
        label=body.label,
    )
    push.subscriptions.add(made)
    return _out(made)


@router.delete("/subscriptions/{subscription_id}", status_code=204, response_class=Response)
def unsubscribe(window: TheWindow, caller: Caller, subscription_id: str) -> Response:
    """One's own browser is told nothing more."""
    person, push = _person(window, caller), _push(window)
    if not any(one.id == subscription_id and one.person == person for one in push.subscriptions.all()):
        raise not_found("subscription", subscription_id)
    push.subscriptions.remove(subscription_id)
    return Response(status_code=204)


def _person(window: Window, caller: Principal) -> PersonId:
    allow(caller, Act.READ)
    if caller.person is None or caller.person not in window.directory.community().people:
        raise Problem(Code.FORBIDDEN, "this account is nobody of the directory: only people are told of alarms")
    return caller.person


def _push(window: Window) -> Push:
    if window.push is None:
        raise Problem(Code.UNAVAILABLE, "this installation pushes to no browsers")
    return window.push


def _out(one: Subscription) -> SubscriptionOut:
    return SubscriptionOut(id=one.id, label=one.label, at=time(one.at) or "")
