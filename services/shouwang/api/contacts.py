"""How people are reached, changed over HTTP: addresses that lead outside, each to be proven before it counts."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Body, Path
from pydantic import Field

from shouwang.domain.access import Act
from shouwang.domain.belonging import places_of
from shouwang.domain.contact import PHONE_KINDS, contact_problems, number_of
from shouwang.domain.duty import Contact, Person
from shouwang.domain.journal import Entry
from shouwang.domain.receipt import national
from shouwang.domain.staff import rosters_now
from shouwang.domain.vocabulary import PersonId

from .access import Caller, allow, allow_over
from .directory import person_out
from .doors import TheWindow, Window
from .names import Names
from .problems import Code, FieldError, Problem, not_found
from .schemas import Sent
from .sheets import PersonOut

router = APIRouter(prefix="/people", tags=["directory"])

CONTACTS_AT_MOST = 20


class ContactIn(Sent):
    """``secret`` absent: that of the same contact as it is now. ``keep``: where a contact stands now that stays as it
    is, for who reorders without knowing addresses, which are never shown; of the rest only ``kind`` is read then."""

    keep: int | None = Field(default=None, ge=0, description="Place of a present contact in its order, from 0.")
    kind: str = Field(min_length=1, max_length=40, examples=["webhook", "sms", "voice", "landline", "email", "wecom"])
    url: str = Field(default="", max_length=2000)
    number: str = Field(default="", max_length=40, description="Of a telephone; absent: the person's own.")
    secret: str | None = Field(default=None, max_length=500)


Contacts = Annotated[list[ContactIn], Body(max_length=CONTACTS_AT_MOST)]


@router.put("/{person_id}/contacts")
def set_contacts(
    window: TheWindow, caller: Caller, person_id: Annotated[str, Path(max_length=200)], body: Contacts
) -> PersonOut:
    """All contacts of a person, in the order in which they are tried. What is new is told at once and counts as
    coverage once it is verified; web addresses must be public, or lie in a network of the setting `webhook_allow`."""
    allow(caller, Act.CHANGE_DUTIES)
    community = window.directory.community()
    person = community.people.get(PersonId(person_id))
    if person is None:
        raise not_found("person", person_id)
    allow_over(caller, Act.CHANGE_DUTIES, places_of(community, person))
    contacts = [_contact(person, one) for one in body]
    faults = [
        FieldError(f"body/{index}/{field}", detail)
        for index, (sent, contact) in enumerate(zip(body, contacts, strict=True))
        for field, detail in (_faults(window, person, contact) if contact is not None else _gone(sent))
        if contact is None or sent.keep is None
    ]
    kept = [one.keep for one in body if one.keep is not None]
    faults += [FieldError("body", f"contact {index} is kept twice") for index in set(kept) if kept.count(index) > 1]
    if faults:
        raise Problem(Code.INVALID, "these contacts cannot be used", errors=faults)
    contacts = [one for one in contacts if one is not None]
    changed = msgspec.structs.replace(person, channels=contacts)
    if changed != person:
        window.directory.change([changed])
        with window.casebook.change() as change:
            change.record(
                Entry(
                    at=window.clock.now(),
                    kind="person.contacts_changed",
                    actor=caller.actor,
                    body={"person": person.id, "kinds": [one.kind for one in changed.channels]},
                )
            )
    community, now = window.directory.community(), window.clock.now()
    shown = community.people[person.id]
    return person_out(community, Names(community, caller), shown, now, rosters_now(community, now))


def _contact(person: Person, sent: ContactIn) -> Contact | None:
    """The same contact keeps what is known of it, wherever in the order it stands now; None where what is to be kept is
    not there any more."""
    if sent.keep is not None:
        present = person.channels[sent.keep] if sent.keep < len(person.channels) else None
        return present if present is not None and present.kind == sent.kind else None
    known = next(
        (one for one in person.channels if (one.kind, one.url, one.number) == (sent.kind, sent.url, sent.number)), None
    )
    if known is not None:
        return known if sent.secret is None else msgspec.structs.replace(known, secret=sent.secret)
    return Contact(kind=sent.kind, url=sent.url, number=sent.number, secret=sent.secret or "", guarded=True)


def _gone(sent: ContactIn) -> list[tuple[str, str]]:
    return [("keep", f"there is no {sent.kind} contact there any more: somebody changed them; read this person anew")]


def _faults(window: Window, person: Person, contact: Contact) -> list[tuple[str, str]]:
    faults = list(contact_problems(contact))
    if contact.kind not in window.kinds:
        faults.append(("kind", f"is no channel of this installation; there are {', '.join(sorted(window.kinds))}"))
    elif contact in person.channels:
        return faults
    elif contact.kind == "apprise":
        faults.append(("kind", "can lead anywhere, so it is taken from a community file only"))
    elif contact.kind in PHONE_KINDS:
        if not national(number_of(person, contact)):
            faults.append(("number", "is missing, and the person has no phone"))
    elif contact.kind == "email":
        if "@" not in contact.url:
            faults.append(("url", "is no address; expected mailto:somebody@example.org"))
    elif contact.kind != "console" and not faults and (refusal := window.refuse_address(contact.url)):
        faults.append(("url", refusal))
    return faults
