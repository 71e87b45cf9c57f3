"""What intake does beside arrivals: timers that are due, people's orders, devices newly registered. Truth is always a
row; a turn only looks."""

import logging
from collections.abc import Callable, Sequence

from shouwang import metrics
from shouwang.domain import evaluate
from shouwang.domain.errors import Unavailable
from shouwang.domain.gathering import is_place
from shouwang.domain.journal import Entry
from shouwang.domain.judging import Gaps
from shouwang.domain.standing import DeviceState
from shouwang.domain.vocabulary import MINUTE, DeviceId, Duration, Instant
from shouwang.flows.casework import announce_untold, apply_transitions, carry_out_orders
from shouwang.flows.hearing import members_of
from shouwang.flows.world import World
from shouwang.ports import Clock, Inbox, Points

log = logging.getLogger(__name__)

DEVICES_A_TURN = 50
"""Devices of one transaction of timers: a mass silence must not stand between an alarm and its commit."""

ARMED_A_TURN = 200

ASIDE: Duration = MINUTE
"""A device whose timers cannot be run is passed over for this long, so that it holds up no other."""


class Timers:
    def __init__(
        self, inbox: Inbox, world: Callable[[], World], gaps: Callable[[], Gaps], clock: Clock, points: Points
    ) -> None:
        self._inbox = inbox
        self._world = world
        self._gaps = gaps
        self._clock = clock
        self._points = points
        self._aside: dict[DeviceId, Instant] = {}

    def run_due(self) -> int:
        """Looks at the devices whose timers are due; how many there were, at most ``DEVICES_A_TURN``."""
        now = self._clock.now()
        self._aside = {device: until for device, until in self._aside.items() if until > now}
        found = self._inbox.due(now, DEVICES_A_TURN + len(self._aside))
        due = [device for device in found if device not in self._aside][:DEVICES_A_TURN]
        if due:
            for device in _apart(due, self._run):
                self._aside[device] = now + ASIDE
        return len(due)

    def _run(self, due: Sequence[DeviceId]) -> None:
        now, world, gaps = self._clock.now(), self._world(), self._gaps()
        with self._inbox.accept() as acceptance:
            changed: dict[DeviceId, DeviceState] = {}
            states = acceptance.states(due)
            # Earliest first: a gateway is lost before what stands behind it is silent.
            for device in due:
                if (state := states.get(device)) is None:
                    continue
                if state.due_at is not None:
                    metrics.TIMER_LAG_SECONDS.observe(max(0, now - state.due_at) / 1e6)
                facts = world.facts(device, profile=state.profile, remembered=state.kind)
                members = members_of(acceptance, world, device, changed) if is_place(device) else None
                judged = evaluate.run_due(world.book, facts, state, now, gaps, members)
                changed[device] = judged.state
                apply_transitions(acceptance, world, facts, judged.transitions, received_at=now, now=now)
            acceptance.keep_states(changed)
            self._points.reach("timers.before_commit")

    def carry_out_orders(self) -> int:
        """Resets latches and ends event alerts, as people ordered; how many orders."""
        if not self._inbox.has_orders():
            return 0
        with self._inbox.accept() as acceptance:
            carried_out = carry_out_orders(acceptance, self._world(), self._clock.now())
            self._points.reach("orders.before_commit")
        return carried_out

    def reconcile(self, devices: Sequence[DeviceId]) -> None:
        """Their rules or facts changed: memory that still makes sense is kept, timers are set anew, and what nobody
        was told because of where a device stood in its life is told where that has ended."""
        for start in range(0, len(devices), ARMED_A_TURN):
            _apart(devices[start : start + ARMED_A_TURN], self._reconcile)

    def _reconcile(self, devices: Sequence[DeviceId]) -> None:
        now, world, gaps = self._clock.now(), self._world(), self._gaps()
        with self._inbox.accept() as acceptance:
            changed: dict[DeviceId, DeviceState] = {}
            for device, state in acceptance.states(devices).items():
                facts = world.facts(device, profile=state.profile, remembered=state.kind)
                changed[device] = evaluate.reconcile(world.book, facts, state, now, gaps)
                for rule, lost in evaluate.what_was_reset(state, changed[device]).items():
                    body: dict[str, object] = {"rule": rule, "lost": lost}
                    acceptance.record(Entry(at=now, kind="rule.reset", device=device, place=facts.place, body=body))
                announce_untold(acceptance, world, facts, changed[device], now)
            acceptance.keep_states(changed)

    def unarmed(self) -> list[DeviceId]:
        """What is registered and was never heard, and has no state yet."""
        world = self._world()
        return self._inbox.unheard([*world.community.devices, *world.rows_of_silence()])

    def arm(self, devices: Sequence[DeviceId] | None = None) -> None:
        """These, or all that are unarmed, get a state, so that their silence is counted from registration."""
        missing = self.unarmed() if devices is None else devices
        for start in range(0, len(missing), ARMED_A_TURN):
            self._arm(missing[start : start + ARMED_A_TURN])

    def _arm(self, devices: Sequence[DeviceId]) -> None:
        now, world, gaps = self._clock.now(), self._world(), self._gaps()
        with self._inbox.accept() as acceptance:
            known = acceptance.states(devices)
            acceptance.keep_states(
                {
                    device: evaluate.arm(world.book, world.facts(device), DeviceState(), now, gaps)
                    for device in devices
                    if device not in known
                }
            )


def _apart(devices: Sequence[DeviceId], work: Callable[[Sequence[DeviceId]], None]) -> list[DeviceId]:
    """Does the work for all in one transaction; where that fails by an error of ours, for each alone. Those that fail
    alone are named and given back. Raises Unavailable."""
    try:
        work(devices)
        return []
    except Unavailable:
        raise
    except Exception as error:
        if len(devices) == 1:
            metrics.ACCEPTANCE_FAILURES.labels(type(error).__name__).inc()
            log.exception("the rules of device %r cannot be run", devices[0])
            return [*devices]
    return [failed for device in devices for failed in _apart([device], work)]
