"""Exactly once, counted where messages arrive: against the rows, nothing lost, nothing twice, nothing after the end."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from harness.desk import Desk
from harness.receivers import Receivers
from harness.works import SERVER, Works
from shouwang.domain.incident import Incident
from shouwang.domain.notice import Delivery, DeliveryState, Why
from shouwang.domain.vocabulary import SECOND, DeliveryKey, IncidentId
from shouwang.store.journal import SqlJournal

AFTERWARDS = 3 * SECOND
"""A call that began before the stand-down was written may arrive this much later."""

_TAKEN = frozenset({DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.SEEN})
_ENDS = _TAKEN | {DeliveryState.ANSWERED, DeliveryState.REFUSED, DeliveryState.CANCELLED}


def count_at_the_receivers(
    works: Works, receivers: Receivers, desk: Desk, *, alarms: int, people: Sequence[Sequence[str]]
) -> None:
    """Prints the figures, and fails with what is wrong. ``people``: whom each step of the policy tells."""
    offset = works.clock.now() - round(time.monotonic() * SECOND)
    rows = {one.key: one for one in works.deliveries()}
    incidents = {one.id: one for one in works.incidents()}
    faults = [
        *_rows_and_calls(rows, receivers),
        *_second_keys(rows, _asked_for_more(works)),
        *_steps(incidents, rows, receivers, desk, people),
        *_after_the_end(incidents, rows, receivers, offset),
    ]
    if len(incidents) != alarms:
        faults.append(f"{alarms} alarms, {len(incidents)} incidents")
    states = Counter(one.state.value for one in rows.values())
    calls = sum(len(one.calls) for one in receivers.heard.values())
    print(
        f"{works.deaths[SERVER]} deaths of the server; {alarms} alarms, {len(incidents)} incidents, "
        f"{len(desk.ended)} ended half-way, {desk.acts} acts, {desk.reports} reports of the gateway; "
        f"{len(rows)} deliveries ({', '.join(f'{n} {s}' for s, n in states.most_common())}); "
        f"{len(receivers.heard)} keys heard in {calls} calls, "
        f"{sum(one.taken > 1 for one in receivers.heard.values())} taken more than once under their key; "
        f"answered {dict(receivers.replies.most_common())}; "
        f"by why {dict(Counter(one.why.value for one in rows.values()))}"
    )
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:25])


def _rows_and_calls(rows: dict[DeliveryKey, Delivery], receivers: Receivers) -> list[str]:
    faults = [f"{key} was heard, and no row knows it" for key in receivers.heard if key not in rows]
    for key, one in rows.items():
        heard = receivers.heard.get(key)
        if one.state not in _ENDS:
            faults.append(f"{key} is left {one.state}, lease of {one.lease_holder!r} until {one.lease_until}")
        elif one.state in _TAKEN and (heard is None or not heard.taken):
            faults.append(f"{key} is {one.state}, and its receiver never took it")
    return faults


def _second_keys(rows: dict[DeliveryKey, Delivery], asked: Counter[IncidentId]) -> list[str]:
    """One fact, one person, one contact: one key. Past the last step each act that asks for more people is a fact."""
    by_fact: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for key, one in rows.items():
        by_fact[one.incident, one.why, one.step, one.alert, one.person, one.contact].append(key)
    faults: list[str] = []
    for fact, keys in by_fact.items():
        first = rows[DeliveryKey(keys[0])]
        facts = asked[first.incident] if first.why is Why.NEXT_STEP and first.step is None else 1
        if len(keys) > facts:
            faults.append(f"{len(keys)} keys for {fact}, {facts} facts: {keys}")
    return faults


def _asked_for_more(works: Works) -> Counter[IncidentId]:
    """How often somebody asked for more people; a request repeated after a kill may be done, and noted, twice."""
    journal, seq = SqlJournal(works.database), 0
    asked: Counter[IncidentId] = Counter()
    while entries := journal.since(seq, 5000):
        asked.update(one.incident for one in entries if one.kind == "incident.escalated" and one.incident is not None)
        seq = entries[-1].seq
    return asked


def _steps(
    incidents: dict[IncidentId, Incident],
    rows: dict[DeliveryKey, Delivery],
    receivers: Receivers,
    desk: Desk,
    people: Sequence[Sequence[str]],
) -> list[str]:
    """Each level that was called was heard by all its people; one that an acknowledgement spared, by none of them."""
    taken: set[tuple[IncidentId, str]] = set()
    called: set[tuple[IncidentId, str]] = set()
    for key, one in rows.items():
        heard = receivers.heard.get(key)
        if heard is not None and one.why is not Why.STOOD_DOWN:
            called.add((one.incident, one.person))
            if heard.taken:
                taken.add((one.incident, one.person))
    faults: list[str] = []
    for id, incident in incidents.items():
        for mark in incident.steps:
            for person in people[mark.index]:
                if mark.skipped and (id, person) in called:
                    faults.append(f"{id}: {person} was called, though step {mark.index} was spared ({mark.skipped})")
                elif not mark.skipped and (id, person) not in taken and id not in desk.ended:
                    faults.append(f"{id}: {person} of step {mark.index} never heard of it")
    return faults


def _after_the_end(
    incidents: dict[IncidentId, Incident], rows: dict[DeliveryKey, Delivery], receivers: Receivers, offset: int
) -> list[str]:
    """Whoever heard of it hears that it is over, and nobody hears of it afterwards."""
    faults: list[str] = []
    hearers: set[tuple[IncidentId, str]] = set()
    farewells: set[tuple[IncidentId, str]] = set()
    for key, one in rows.items():
        heard = receivers.heard.get(key)
        incident = incidents[one.incident]
        assert incident.resolved_at is not None, f"{incident.id} is {incident.state}"
        if heard is None:
            continue
        if one.why is Why.STOOD_DOWN:
            if heard.taken:
                farewells.add((one.incident, one.person))
            continue
        first = round(heard.calls[0].at * SECOND) + offset
        last = round(heard.calls[-1].at * SECOND) + offset
        if heard.taken and first < incident.resolved_at:
            hearers.add((one.incident, one.person))
        if last > incident.resolved_at + AFTERWARDS:
            faults.append(f"{key} ({one.why}) called {(last - incident.resolved_at) / SECOND:.1f} s after the end")
    return faults + [f"{id}: {person} never heard that it is over" for id, person in sorted(hearers - farewells)]
