"""Reading with codecs: an arrival that asks for a codec's answer is read again with it, those of a batch together."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from shouwang.domain.codec import Answers, CodecAnswer, CodecCall
from shouwang.domain.decode import Interpreter
from shouwang.domain.interpretation import FamilyState, Interpretation, Registered
from shouwang.domain.vocabulary import Arrival, Problem, Refusal

Run: TypeAlias = Callable[[Iterable[CodecCall]], Answers]
"""``Codecs.run`` (ports.py)."""


def read_together(
    interpreter: Interpreter,
    arrivals: Sequence[Arrival],
    state: FamilyState,
    registered: Registered,
    run: Run,
    *,
    family: str = "",
) -> list[Interpretation]:
    """What the arrivals say, in their order, with all codecs asked: one ``run`` for the batch, and one more for each
    further report of the arrival that has most."""
    found = [interpreter.read(arrival, state, registered, family=family) for arrival in arrivals]
    answers: dict[CodecCall, CodecAnswer] = {}
    while wanting := [index for index, one in enumerate(found) if one.pending is not None]:
        calls = [call for index in wanting if (call := found[index].pending)]
        answers.update(run(calls))
        # Every call has an answer from here on, or this would go on for ever.
        answers.update(no_codecs(call for call in calls if call not in answers))
        for index in wanting:
            resume = found[index].resume
            assert resume is not None  # pending: what was parsed waits, and is not parsed again
            found[index] = resume(answers)
    return found


def no_codecs(calls: Iterable[CodecCall]) -> Answers:
    """A ``Run`` where no codec can be run: every answer says so."""
    return {
        call: CodecAnswer(problem=Refusal(Problem.CODEC_ERROR, f"the codec of {call.profile}: it gave no answer"))
        for call in calls
    }
