"""Contacts as people write them: what is wrong with one, and which keys its secret stands for."""

import base64
import contextlib
from collections.abc import Iterator

from shouwang.domain.duty import Contact, Person
from shouwang.domain.receipt import is_emergency_service

WEBHOOK = "webhook"

EMAIL = "email"

PHONE_KINDS = frozenset({"sms", "voice", "landline"})
"""Kinds of contact whose address is a telephone number."""

SECRET_PREFIX = "whsec_"
"""Standard Webhooks: what follows is a key in base64."""


def contact_problems(contact: Contact) -> Iterator[tuple[str, str]]:
    """(field, what is wrong with it). Neither address nor secret is repeated: both may be confidential."""
    if contact.number and is_emergency_service(contact.number):
        yield "number", "is an emergency service, which a person calls and never a machine"
    if contact.kind != WEBHOOK:
        return
    if contact.url and not contact.url.startswith(("http://", "https://")):
        yield "url", "is not a web address; expected http://… or https://…"
    try:
        signing_keys(contact.secret)
    except ValueError:
        yield "secret", f"begins with {SECRET_PREFIX} but is not base64 after it"


def number_of(person: Person, contact: Contact) -> str:
    """The telephone that a contact means; empty where there is none."""
    return contact.number or person.phone


def signing_keys(secret: str) -> list[bytes]:
    """The keys with which a message is signed, none for an empty secret.

    ``whsec_…`` is one key in base64. Any other text is a key by its UTF-8 bytes; where that text is base64 too, the
    bytes that it encodes are a second one, because the reference libraries read a secret that has lost its prefix so.
    Raises ValueError where ``whsec_`` is not followed by base64.
    """
    if secret.startswith(SECRET_PREFIX):
        return [_base64(secret.removeprefix(SECRET_PREFIX))]
    keys = [secret.encode()] if secret else []
    with contextlib.suppress(ValueError):
        keys.append(_base64(secret))
    return keys


def _base64(text: str) -> bytes:
    """Padding may be missing. Raises ValueError for an empty key too."""
    decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    if not decoded:
        raise ValueError("empty")
    return decoded
