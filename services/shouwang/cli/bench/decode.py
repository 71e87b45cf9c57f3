"""How many messages one core reads: the examples of all shipped profiles, over and over, as intake would read them."""

import gc
import resource
import time
from collections.abc import Callable, Sequence

import click
import msgspec

from shouwang.codecs.javascript import JavaScriptCodecs
from shouwang.domain.consulting import read_together
from shouwang.domain.decode import FamilyState, Interpreter
from shouwang.domain.interpretation import Registered
from shouwang.domain.profile import Profile
from shouwang.domain.vocabulary import Arrival, DeviceId
from shouwang.registry.profiles import load_profiles
from shouwang.settings import shipped

BATCH = 500
AIM = {"without a codec": 30_000, "with a codec": 10_000}
"""Messages a second of processor time, at least."""


def measure_decode(messages: int) -> None:
    families, profiles = load_profiles([shipped("device_profiles")])
    interpreter = Interpreter(families, profiles.values())
    plain, coded, registered = mixed(interpreter, list(profiles.values()))
    gc.disable()  # as intake does while messages come (app/intaking.py)
    for title, arrivals in {"without a codec": plain, "with a codec": coded}.items():
        if not arrivals:
            continue
        sources = {id: profile.codec for id, profile in profiles.items() if profile.codec}
        with JavaScriptCodecs(sources) as codecs:
            read = _reader(interpreter, codecs, registered)
            read(arrivals)  # codecs and topics are warm, as in a service that runs
            batches = [_batch(arrivals, start) for start in range(0, messages, BATCH)]
            wall, own = time.perf_counter(), time.process_time()
            for batch in batches:
                read(batch)
            wall, own = time.perf_counter() - wall, time.process_time() - own
            before = _children()
        # The worker has ended, and its time is known; of that a little is its start.
        spent = own + _children() - before
        click.echo(
            f"decode {title}: {messages / spent:,.0f} messages a second of processor time (at least {AIM[title]:,}), "
            f"{spent / messages * 1e6:.1f} µs each in both processes; {messages / wall:,.0f} a second by the clock; "
            f"{len(arrivals)} different ones"
        )


def mixed(interpreter: Interpreter, profiles: Sequence[Profile]) -> tuple[list[Arrival], list[Arrival], Registered]:
    """Examples that need no codec, those that do, and the registration under which both are read: of two examples that
    name one device, the first one's profile."""
    known: dict[str, str] = {}
    plain: list[Arrival] = []
    coded: list[Arrival] = []
    for profile in profiles:
        for example in profile.examples:
            addresses: list[str] = []
            arrival = Arrival(example.topic, example.payload, 0)
            found = interpreter.read(arrival, FamilyState(), _noting(addresses, profile.id))
            if found.refusal is not None or any(known.get(one, profile.id) != profile.id for one in addresses):
                continue
            known.update(dict.fromkeys(addresses, profile.id))
            (plain if found.pending is None else coded).append(arrival)
    table = {address: (DeviceId(address), id) for address, id in known.items()}
    return plain, coded, table.get


def _noting(addresses: list[str], profile: str) -> Registered:
    def look_up(address: str) -> tuple[DeviceId, str]:
        addresses.append(address)
        return DeviceId(address), profile

    return look_up


def _reader(
    interpreter: Interpreter, codecs: JavaScriptCodecs, registered: Registered
) -> Callable[[Sequence[Arrival]], None]:
    state = FamilyState()

    def read(arrivals: Sequence[Arrival]) -> None:
        read_together(interpreter, arrivals, state, registered, codecs.run)

    return read


def _batch(arrivals: Sequence[Arrival], start: int) -> list[Arrival]:
    """The next ones, each received at a time of its own, so that no codec's answer serves two."""
    return [
        msgspec.structs.replace(arrivals[number % len(arrivals)], received_at=1_770_000_000_000_000 + 1000 * number)
        for number in range(start, start + BATCH)
    ]


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
