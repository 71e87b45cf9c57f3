"""What lay in quarantine of a device is read again once somebody has claimed it; intake's thread does it, in steps."""

import logging
from collections.abc import Callable

from shouwang import metrics
from shouwang.domain.consulting import Run, read_together
from shouwang.domain.decode import Interpreter
from shouwang.domain.interpretation import FamilyState, Interpretation
from shouwang.domain.journal import Entry
from shouwang.domain.vocabulary import MINUTE, DeviceId, Duration
from shouwang.flows.hearing import Hearing
from shouwang.flows.world import World
from shouwang.ports import Clock, Inbox, Points, Reread

log = logging.getLogger(__name__)

MESSAGES_A_TURN = 40
"""Of one transaction: what arrives must not wait for what waited already."""

MESSAGES_AT_MOST = 2_000
"""Of one device; older ones stay in quarantine, for people to look at."""

GIVEN_UP_AFTER: Duration = MINUTE
"""A claim of a device that the directory does not hold (it was removed at once) is forgotten after this."""


class Rereading:
    """Remembers where it stands in one claim; a crash begins that claim anew, and what was read is gone from the
    quarantine by then, so nothing is read twice."""

    def __init__(
        self,
        inbox: Inbox,
        interpreter: Interpreter,
        family_state: FamilyState,
        world: Callable[[], World],
        hearing: Hearing,
        clock: Clock,
        points: Points,
        run: Run,
    ) -> None:
        self._inbox = inbox
        self._interpreter = interpreter
        self._family_state = family_state
        self._world = world
        self._hearing = hearing
        self._clock = clock
        self._points = points
        self._run = run
        self._claim = 0
        self._after = 0
        self._read = 0

    def equip(self, interpreter: Interpreter, family_state: FamilyState, run: Run) -> None:
        """Reads by other profiles from now on."""
        self._interpreter, self._family_state, self._run = interpreter, family_state, run

    def carry_out(self) -> int:
        """One step of the oldest claim; how many messages it looked at. Raises Unavailable."""
        for claim in self._inbox.rereads(8):
            registered = self._world().registered(claim.address)
            if registered is not None:
                return self._step(claim, registered[0])
            if self._clock.now() - claim.at > GIVEN_UP_AFTER:
                log.warning("a claim of %s is forgotten: the directory does not hold it", claim.address)
                self._end(claim, None)
        return 0

    def _step(self, claim: Reread, device: DeviceId) -> int:
        if claim.seq != self._claim:
            self._claim, self._after, self._read = claim.seq, 0, 0
        family, _, identity = claim.address.partition(":")
        kept = self._inbox.set_aside(family, identity, claim.topic, self._after, MESSAGES_A_TURN)
        if not kept or self._read >= MESSAGES_AT_MOST:
            self._end(claim, device)
            return 0
        world, now = self._world(), self._clock.now()
        arrivals = [arrival for _, arrival in kept]
        found = read_together(self._interpreter, arrivals, self._family_state, world.registered, self._run)
        mine = [
            (seq, arrival, one)
            for (seq, arrival), one in zip(kept, found, strict=True)
            if one.refusal is None and any(decoded.device == device for decoded in one.messages)
        ]
        with self._inbox.accept() as acceptance:
            self._hearing.hear_again(acceptance, world, [(arrival, one) for _, arrival, one in mine], now)
            acceptance.release([seq for seq, _, one in mine if not _is_flawed(one)])
            self._points.reach("reread.before_commit")
        metrics.REREAD.inc(len(mine))
        self._after, self._read = kept[-1][0], self._read + len(mine)
        return len(kept)

    def _end(self, claim: Reread, device: DeviceId | None) -> None:
        with self._inbox.accept() as acceptance:
            acceptance.reread_done(claim.seq)
            if device is not None and claim.seq == self._claim:
                place = self._world().facts(device).place
                body: dict[str, object] = {"address": claim.address, "messages": self._read}
                acceptance.record(
                    Entry(at=self._clock.now(), kind="device.read_again", device=device, place=place, body=body)
                )


def _is_flawed(found: Interpretation) -> bool:
    """Something of it could still not be read: it stays in quarantine."""
    return any(decoded.problem is not None for decoded in found.messages)
