"""All that Apprise knows: a hundred services by one address each. An extra, since it brings a tail of its own.

Apprise says only yes or no, so a failure has no code here: what is used for alarms every day has a template instead
(docs/channels.md), and this is for the rest.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Message, Outcome, Refused, Sent, Unreachable

THREADS = 8


def is_here() -> bool:
    """Whether the extra is installed."""
    return find_spec("apprise") is not None


class Anything:
    """``ports.Channel``. A contact's ``url`` is an address as Apprise writes them."""

    name = "apprise"

    def __init__(self, *, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it writes addresses, which hold secrets

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        if contact.guarded:
            return Refused("an address of Apprise can lead anywhere: it is taken from a community file only")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                return await loop.run_in_executor(self._threads, _notify, contact.url, message)
        except TimeoutError:
            return Unreachable(f"no answer within {self._seconds:g} s")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _notify(address: str, message: Message) -> Outcome:
    import apprise

    service = apprise.Apprise()
    if not service.add(address):
        return Refused("Apprise does not know this address")
    url = str(message.body.get("url") or "")
    told = service.notify(body=f"{message.text} {url}".strip())
    return Sent() if told else Unreachable("the service did not take it")
