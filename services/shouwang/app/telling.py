"""Every way to people that this installation has, built from its settings."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from shouwang.channels.address import Fence
from shouwang.channels.anything import Anything, is_here
from shouwang.channels.beside import Beside
from shouwang.channels.callbacks import Callbacks
from shouwang.channels.console import Console
from shouwang.channels.gateway import Gateways
from shouwang.channels.mail import Mail
from shouwang.channels.modem import Modem
from shouwang.channels.post import Poster
from shouwang.channels.push import Push
from shouwang.channels.turns import Turns
from shouwang.channels.watched import Watched
from shouwang.channels.webhook import Webhook
from shouwang.domain.errors import ConfigError
from shouwang.domain.gateway import Template
from shouwang.domain.receipt import Receipt
from shouwang.ports import Channel, Clock, Subscriptions
from shouwang.registry.gateways import load_gateways
from shouwang.settings import Settings, shipped

FREE = frozenset({"webhook", "console"})
"""Channels that cost nobody anything, and whose receivers know a message that comes again."""

SMS = "sms"
MODEM = "modem"
"""Among the gateways by name: the local modem, which is asked after them unless it stands first."""


class Closing(Protocol):
    def close(self) -> None: ...


class Ways:
    """``channels``: by the kind of contact that each serves. Build it where the event loop runs, ``close`` it there."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        watching: Callable[[], int],
        secret: bytes,
        subscriptions: Subscriptions,
        push_key: Callable[[], bytes],
    ) -> None:
        """``watching``: how many consoles are open. ``secret``: from which callback addresses are made. ``push_key``:
        by which push services know this site, made when it is first asked for. Raises
        ConfigError for a gateway that is not there, or lacks a value."""
        seconds = settings.webhook_seconds
        self.webhook = Webhook(clock, allow=settings.webhook_allow, seconds=seconds)
        self._poster = Poster()
        self._closing: list[Closing] = []
        templates = chosen(settings)
        made: list[Channel] = [self.webhook, Console(watching)]
        gateways = {one.name: one for one in self._gateways(settings, templates, clock)}
        shared = seconds / 2 if SMS in gateways else seconds
        self._modem = Modem(settings.modem, seconds=shared) if settings.modem else None
        if self._modem is not None:
            others: list[Channel] = [one for one in (gateways.pop(SMS, None),) if one is not None]
            is_first = settings.gateways[:1] == [MODEM]
            made.append(Turns(SMS, [self._modem, *others] if is_first else [*others, self._modem]))
        made += gateways.values()
        if settings.mail_server:
            mail = Mail(settings.mail_server, settings.mail_sender, clock, seconds=seconds)
            self._closing.append(mail)
            made.append(mail)
        if is_here():
            anything = Anything(seconds=seconds)
            self._closing.append(anything)
            made.append(anything)
        self._watched = [
            Watched(one, clock, hourly=None if one.name in FREE else settings.person_hourly) for one in made
        ]
        self.channels: Mapping[str, Channel] = {one.name: one for one in self._watched}
        self.push = Push(
            push_key,
            settings.public_url if settings.public_url.startswith("https:") else f"mailto:{settings.mail_sender}",
            clock,
            allow=settings.webhook_allow,
            seconds=seconds,
            gone=lambda endpoint: self.beside.forget(endpoint),
        )
        self.beside = Beside(Watched(self.push, clock, hourly=settings.person_hourly), subscriptions, clock)
        self.off = frozenset({"email", "apprise", *kinds_known(settings)} - self.channels.keys())
        """Kinds of contact that the product knows and that are not set up here."""
        self.callbacks = Callbacks(templates, settings.gateway_values, secret)

    @property
    def answerable(self) -> frozenset[str]:
        """Kinds of contact on which a text written back is read without any address of ours on the Internet."""
        return frozenset({SMS}) if self._modem is not None else frozenset()

    @property
    def watched(self) -> Sequence[Watched]:
        """The channels, as they fare."""
        return self._watched

    async def run(self, stop: asyncio.Event, take: Callable[[Collection[str], Receipt], bool]) -> None:
        """What a way does beside sending, until ``stop``. ``take``: where receipts and answers go, in a thread."""
        if self._modem is not None:
            self._modem.on_receipt = lambda receipt: take((SMS,), receipt)
            await self._modem.run(stop)

    async def close(self) -> None:
        await self.beside.close()
        await self.push.close()
        await self.webhook.close()
        await self._poster.close()
        for one in self._closing:
            one.close()

    def _gateways(self, settings: Settings, templates: Sequence[Template], clock: Clock) -> list[Channel]:
        kinds = dict.fromkeys(kind for template in templates for kind in template.carries)
        base = settings.public_url.rstrip("/")
        return [
            Gateways(
                kind,
                [one for one in templates if kind in one.carries],
                settings.gateway_values,
                clock,
                self._poster,
                fence=Fence(settings.webhook_allow),
                seconds=settings.webhook_seconds / 2 if settings.modem and kind == SMS else settings.webhook_seconds,
                callback_url=lambda gateway: f"{base}/api/v1/callbacks/{gateway}" if base else "",
            )
            for kind in kinds
        ]


class Pushing:
    """``api.doors.Push``."""

    def __init__(self, channel: Push, subscriptions: Subscriptions) -> None:
        self.subscriptions = subscriptions
        self._channel = channel

    @property
    def key(self) -> str:
        return self._channel.key

    def refusal(self, endpoint: str) -> str | None:
        return self._channel.refusal(endpoint)


def chosen(settings: Settings) -> list[Template]:
    """The gateways in use, in the order in which they are asked: those of the setting, and those that need nothing but
    the contact's own address. Raises ConfigError."""
    known = _known(settings)
    named = [name for name in settings.gateways if not (name == MODEM and settings.modem)]
    for name in named:
        if name not in known:
            raise ConfigError(f"setting gateways: there is no gateway {name!r}; there are {', '.join(sorted(known))}")
    free = [one.gateway for one in known.values() if not one.needs and one.gateway not in named]
    return [known[name] for name in (*named, *free)]


def kinds_known(settings: Settings) -> set[str]:
    """Kinds of contact that some gateway carries, in use or not."""
    return {kind for template in _known(settings).values() for kind in template.carries}


def _known(settings: Settings) -> Mapping[str, Template]:
    own = [settings.gateways_dir] if settings.gateways_dir else []
    return load_gateways([*own, shipped("channel_templates")])
