"""The console as a channel: what is told there is on the screen of whoever has it open, and on nobody's otherwise."""

from collections.abc import Callable, Sequence

from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Failure, Message, Outcome, Sent, Unreachable
from shouwang.domain.pulse import Look


class Console:
    """``ports.Channel``. The journal's entry of the delivery is what the open consoles receive (server-sent events), so
    there is nothing to send; only whether anybody looks is in question."""

    name = "console"

    def __init__(self, watching: Callable[[], int]) -> None:
        """``watching``: how many consoles are open now."""
        self._watching = watching

    async def send(self, message: Message, person: Person, contact: Contact) -> Outcome:
        if self._watching() > 0:
            return Sent()
        # Like a telephone that rings and nobody picks up: the way is well, and the person's next channel goes at once.
        return Unreachable("no console is open", failure=Failure.NO_ANSWER)

    async def probe(self, contacts: Sequence[Contact]) -> Look | None:
        """An open console is the whole way; that none is open now says nothing of the next minute."""
        return Look(is_whole=True) if self._watching() > 0 else None
