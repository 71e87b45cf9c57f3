"""Whose turn it is: order for one person's incident, and nobody waiting for another's gateway."""

import asyncio
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.domain.notice import Delivery, DeliveryState, Message, Why, notice_rank
from shouwang.domain.vocabulary import DeliveryKey, IncidentId, NoticeId, PersonId
from shouwang.flows.lanes import LANE_WIDTH, Job, Lanes


def job(number: int, person: str = "wang", incident: str = "i", why: Why = Why.FIRST) -> Job:
    key = DeliveryKey(f"{person}-{incident}-{number}")
    delivery = Delivery(
        key=key, notice=NoticeId(str(number)), incident=IncidentId(incident), person=PersonId(person), channel="x",
        contact=0, why=why, state=DeliveryState.LEASED, created_at=number, due_at=number,
    )  # fmt: skip
    return Job(delivery=delivery, message=Message(key=key, text=""), person=None, contact=None, heard_at=0)


class Gateway:
    """Records the order of sends, and holds those that it is told to hold."""

    def __init__(self, *held: str) -> None:
        self.begun: list[Job] = []
        self.now: dict[tuple[str, str], int] = defaultdict(int)
        self.most = 0
        self.overlaps = 0
        self._held = held
        self.opened = asyncio.Event()

    async def send(self, sent: Job) -> None:
        lane = (sent.delivery.person, sent.delivery.incident)
        self.begun.append(sent)
        self.now[lane] += 1
        self.overlaps += self.now[lane] > 1
        self.most = max(self.most, sum(self.now.values()))
        await asyncio.sleep(0)
        if sent.delivery.person in self._held:
            await self.opened.wait()
        self.now[lane] -= 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from([Why.FIRST, Why.WORSE, Why.CLEARED])),
        max_size=60,
    ),
    st.integers(1, 6),
)
def test_everything_put_is_sent_once_in_order_for_each_person_and_incident(
    puts: list[tuple[str, str, Why]], width: int
) -> None:
    async def play() -> Gateway:
        gateway = Gateway()
        lanes = Lanes(gateway.send, width=width)
        lanes.put(job(number, person, incident, why) for number, (person, incident, why) in enumerate(puts))
        await asyncio.wait_for(lanes.rest(), 5)
        assert len(lanes) == 0
        return gateway

    gateway = asyncio.run(play())
    assert len({sent.delivery.key for sent in gateway.begun}) == len(gateway.begun) == len(puts)
    assert gateway.overlaps == 0, "one at a time for one incident"
    assert gateway.most <= width + width // 2
    for lane in {(sent.delivery.person, sent.delivery.incident) for sent in gateway.begun}:
        turns = [
            (notice_rank(sent.delivery.why), sent.delivery.created_at)
            for sent in gateway.begun
            if (sent.delivery.person, sent.delivery.incident) == lane
        ]
        assert turns == sorted(turns)


async def test_gateways_that_hang_leave_room_for_everybody_else() -> None:
    gateway = Gateway("a", "b", "c")
    lanes = Lanes(gateway.send, width=64)
    lanes.put(job(n, person, f"i{n}", Why.WORSE) for n in range(50) for person in "abc")
    await asyncio.sleep(0.01)
    assert len(gateway.begun) == 3 * LANE_WIDTH
    lanes.put([job(1000, "wang", "i", Why.CLEARED)])
    await asyncio.sleep(0.01)
    assert gateway.begun[-1].delivery.person == "wang"
    gateway.opened.set()
    await asyncio.wait_for(lanes.rest(), 5)
    assert len(gateway.begun) == 151


async def test_a_first_notice_finds_room_where_a_storm_took_all() -> None:
    gateway = Gateway(*(f"p{n}" for n in range(40)))
    lanes = Lanes(gateway.send, width=8)
    lanes.put(job(n, f"p{n % 40}", f"i{n}", Why.WORSE) for n in range(400))
    await asyncio.sleep(0.01)
    assert len(gateway.begun) == 8
    lanes.put([job(1000, "wang")])
    await asyncio.sleep(0.01)
    assert gateway.begun[-1].delivery.person == "wang"
    assert len(await lanes.stop()) == 400


async def test_stopping_gives_back_what_did_not_come_to_its_end() -> None:
    gateway = Gateway("a")
    lanes = Lanes(gateway.send, width=4)
    jobs = [job(n, "a", f"i{n}") for n in range(20)] + [job(n, "b") for n in range(3)]
    lanes.put(jobs)
    await asyncio.sleep(0.01)
    back = await lanes.stop()
    assert {one.delivery.key for one in back} == {one.delivery.key for one in jobs if one.delivery.person == "a"} | {
        one.delivery.key for one in jobs[20:] if one not in gateway.begun
    }
    await asyncio.wait_for(lanes.rest(), 1)
