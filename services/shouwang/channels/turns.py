"""Several ways that carry one kind of contact, asked in turn within one attempt: a provider's gateway and our modem."""

from collections.abc import Sequence

from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Failure, Message, Outcome, Refused, Sent
from shouwang.domain.pulse import Look
from shouwang.ports import Channel, Probing


class Turns:
    """``ports.Channel``. Each way bounds itself; together they must not take longer than an attempt may."""

    def __init__(self, name: str, ways: Sequence[Channel]) -> None:
        self.name = name
        self._ways = ways

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        """The first way that takes it decides; one that refuses the address itself ends the attempt too."""
        outcome: Outcome = Refused(f"nothing carries {self.name}")
        for way in self._ways:
            outcome = await way.send(message, person, contact)
            if isinstance(outcome, Sent) or outcome.failure in (Failure.REFUSED, Failure.NO_ANSWER):
                break
        return outcome

    async def probe(self, contacts: Sequence[Contact]) -> Look | None:
        """Reached while one of them is; what the others lack is said."""
        found = [await way.probe(contacts) for way in self._ways if isinstance(way, Probing)]
        looks = [look for look in found if look is not None]
        if not looks:
            return None
        best = next((look for look in looks if look.failure is None), looks[0])
        return Look(
            failure=best.failure,
            detail="; ".join(look.detail for look in looks if look.detail),
            is_whole=best.is_whole,
        )
