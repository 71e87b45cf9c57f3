"""Reading with codecs: what was parsed waits for the codec's answer, and is not parsed again."""

import base64
import json
from collections.abc import Iterable
from typing import Any

from harness.decoding import NOON, shipped_profiles
from shouwang.domain.codec import Answers, CodecAnswer, CodecCall
from shouwang.domain.consulting import read_together
from shouwang.domain.decode import FamilyState, Interpreter
from shouwang.domain.interpretation import Interpretation
from shouwang.domain.vocabulary import Arrival, DeviceId

TOPIC = "application/1/device/24e124136b502217/event/up"


class Counting(Interpreter):
    def __init__(self) -> None:
        families, profiles = shipped_profiles()
        super().__init__(families, profiles.values())
        self.reads = 0

    def read(self, *given: Any, **more: Any) -> Interpretation:
        self.reads += 1
        return super().read(*given, **more)


def uplink(number: int) -> Arrival:
    payload = {
        "deviceInfo": {"devEui": "24e124136b502217"},
        "fCnt": number,
        "fPort": 85,
        "data": base64.b64encode(bytes([5, 0, number])).decode(),
    }
    return Arrival(TOPIC, json.dumps(payload).encode(), NOON + number)


def registered(address: str) -> tuple[DeviceId, str] | None:
    return (DeviceId("gas-7"), "milesight-gs101") if address.endswith("24e124136b502217") else None


def alarm(calls: Iterable[CodecCall]) -> Answers:
    return {call: CodecAnswer(fields={"gas_status": "alarm" if call.data[-1] else "normal"}) for call in calls}


def test_an_arrival_with_a_codec_is_parsed_once_and_told_with_its_own_answer() -> None:
    interpreter = Counting()
    found = read_together(interpreter, [uplink(0), uplink(1)], FamilyState(), registered, alarm)

    told = [{one.metric: one.value for one in said.messages[0].readings if one.metric == "gas"} for said in found]
    assert told == [{"gas": False}, {"gas": True}]
    assert [said.messages[0].counter for said in found] == ["0", "1"]
    assert interpreter.reads == 2


def test_a_codec_that_gives_no_answer_is_a_problem_and_no_endless_question() -> None:
    (found,) = read_together(Counting(), [uplink(1)], FamilyState(), registered, lambda calls: {})
    problem = found.refusal or found.messages[0].problem
    assert problem is not None
    assert "gave no answer" in problem.detail


def test_resuming_twice_gives_the_same() -> None:
    interpreter = Counting()
    (once,) = read_together(interpreter, [uplink(1)], FamilyState(), registered, alarm)
    pending = interpreter.read(uplink(1), FamilyState(), registered)
    assert pending.pending is not None and pending.resume is not None
    answers = alarm([pending.pending])
    assert pending.resume({}).pending == pending.pending
    assert pending.resume(answers) == pending.resume(answers) == once
