"""What an arrival turned out to be: readings of devices, an announcement, a refusal, or nothing of interest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import msgspec

from shouwang.domain.codec import Answers, CodecCall
from shouwang.domain.family import Holds, Route
from shouwang.domain.reception import HeardBy
from shouwang.domain.vocabulary import Arrival, DeviceId, Instant, Kind, Reading, Refusal, Value

Registered: TypeAlias = Callable[[str], tuple[DeviceId, str] | None]
"""(device id, profile id) of a registered address."""


class Decoded(Value, frozen=True, kw_only=True):
    """One device's part of a message. Readings of one message belong together and are judged once."""

    identity: str
    """As the message names the device."""
    address: str
    """``<family>:<identity>``, by which it is discovered."""
    device: DeviceId
    """The registered id, whichever of its addresses is registered; else the address."""
    profile: str
    kind: Kind
    measured_at: Instant
    readings: list[Reading] = msgspec.field(default_factory=list)
    """May be empty: the device was heard all the same."""
    aliases: list[str] = msgspec.field(default_factory=list)
    """Other identities of the same device (IEEE address, a former name)."""
    model: str = ""
    """As the family announced it, else empty."""
    device_time: Instant | None = None
    """The message's own time where it can be believed; ``measured_at`` is then the same."""
    time_note: str = ""
    """Why the message's own time was not taken: none, too_old, ahead, no_zone. Empty: it was."""
    counter: str = ""
    """The family's repeat key. With the same payload and device time it marks a repeat. Empty: there is none."""
    digest: str = ""
    """Stands for the payload's hash in telling repeats, where receivers add what differs; empty: the payload's own."""
    dropped: list[Refusal] = msgspec.field(default_factory=list)
    """Fields that could not be read. Others of the same message were: where none was, the message is refused."""
    heard_by: Sequence[HeardBy] = ()
    """The receivers that the message or its topic tells of: behind one of them the device stands."""
    problem: Refusal | None = None
    """The message as a whole is flawed, and its other fields were read all the same."""


class Introduced(Value, frozen=True, kw_only=True):
    """A device that its family announced and nobody registered. It was not heard: this is no proof of life."""

    address: str
    profile: str
    model: str
    kind: Kind
    topics: list[str] = msgspec.field(default_factory=list)
    """Where it said that it will report, if that is anywhere: a device that another family reads is not introduced."""


class Ask(Value, frozen=True):
    """A message that asks for how things stand. One that is lost is harmless, and none is sent that changes a thing."""

    family: str
    topic: str
    """Whom: none is asked often."""
    payload: bytes


class Interpretation(Value, frozen=True, kw_only=True):
    """Exactly one of: ``messages``; ``refusal``; ``ignored`` (legitimate, no reading), which may have announced."""

    family: str = ""
    device: str = ""
    """Identity, where the topic tells it; a bridge is named by its base topic."""
    messages: list[Decoded] = msgspec.field(default_factory=list)
    refusal: Refusal | None = None
    ignored: bool = False
    pending: CodecCall | None = None
    """Nothing else is said yet: ``resume`` with the answer to this call, and with all answers before it."""
    resume: "Callable[[Answers], Interpretation] | None" = None
    """What was parsed so far, waiting for the answer; set with ``pending``."""
    announced: dict[str, bytes] | None = None
    """What the family said of itself, to be kept by key, so that a restart decodes."""
    introduced: list[Introduced] = msgspec.field(default_factory=list)
    """All devices of the announcement that nobody registered."""
    asks: Sequence[Ask] = ()
    """What would make the rest readable. To be published once all this is committed, where that is allowed."""


class Found(Value, frozen=True):
    """What a topic told: family, what stands there, and the names in it. Kept for each topic that was heard."""

    family: str
    route: Route
    device: str
    base: str
    names: Mapping[str, str]
    """Every name of the route's template with the text that stands for it."""
    behind: str = ""
    """The gateway that the topic tells, as it is named there."""

    @property
    def holds(self) -> Holds:
        return self.route.holds


Memory: TypeAlias = Any
"""What one family announced so far, in the form of its reader, which alone looks into it. Reading changes it; reading
the same again leaves it equal, so that a batch may be read twice."""


class Reader(Protocol):
    """Reads the messages of one family. The port behind which a protocol with a state may live."""

    def memory(self, kept: Mapping[str, bytes]) -> Memory:
        """From what earlier announcements gave to keep. Never raises: what cannot be read is as if never said."""
        ...

    def read(
        self, found: Found, arrival: Arrival, memory: Memory, registered: Registered, answers: Answers
    ) -> Interpretation:
        """Never raises, whatever the payload; in time linear in its size. Pending where an answer is missing."""
        ...


@runtime_checkable
class Follower(Protocol):
    """A reader whose devices announce on which topics they will report, which may be any."""

    def follows(self, topic: str, memory: Memory) -> Found | None:
        """What stands at a topic that some device announced; None for any other."""
        ...


@runtime_checkable
class Asker(Protocol):
    """A reader some of whose devices can be asked how things stand, after a time in which nobody listened."""

    def asks(self, memory: Memory, now: Instant) -> Iterable[Ask]:
        """One for each that would answer, as far as the family said."""
        ...


class FamilyState:
    """What families announced before they report, by family: ``bridge/devices`` and the like. One for each process;
    restored from what ``Interpretation.announced`` gave."""

    def __init__(self, announced: Mapping[str, Mapping[str, bytes]] | None = None) -> None:
        self._kept = dict(announced or {})
        self._memories: dict[str, Memory] = {}

    def of(self, family: str, reader: Reader) -> Memory:
        memory = self._memories.get(family)
        if memory is None:
            memory = self._memories[family] = reader.memory(self._kept.pop(family, {}))
        return memory
