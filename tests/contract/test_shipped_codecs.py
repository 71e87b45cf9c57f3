"""Laws of every codec that is shipped with a profile, whatever a device sends."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shouwang.codecs.javascript import JavaScriptCodecs
from shouwang.domain.codec import CodecCall
from shouwang.domain.vocabulary import Problem
from shouwang.registry.profiles import load_profiles

PROFILES = Path(__file__).parents[2] / "device_profiles"
PORTS = (1, 2, 3, 5, 6, 7, 10, 85, 147)
OWN_FAULTS = re.compile(r"\w*Error:|is not (a function|defined|iterable)|cannot (read|set|convert)", re.IGNORECASE)


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    _, profiles = load_profiles([PROFILES])
    return {id: profile.codec for id, profile in profiles.items() if profile.codec}


@pytest.fixture(scope="module")
def codecs(sources: dict[str, str]) -> Iterator[JavaScriptCodecs]:
    with JavaScriptCodecs(sources) as running:
        yield running


def test_any_bytes_on_any_port_give_fields_or_a_refusal_in_words_never_a_fault_of_the_codec(
    sources: dict[str, str], codecs: JavaScriptCodecs
) -> None:
    chance = random.Random(41)
    calls = [
        CodecCall(profile, chance.randbytes(chance.randrange(52)), port, 0) for profile in sources for port in PORTS * 3
    ]

    answers = codecs.run(calls)

    for call in calls:
        problem = answers[call].problem
        if problem is not None:
            assert problem.code is Problem.CODEC_ERROR, (call, problem)
            assert not OWN_FAULTS.search(problem.detail), (call, problem)


def test_no_codec_gives_a_number_that_is_none(sources: dict[str, str], codecs: JavaScriptCodecs) -> None:
    """What JavaScript computes from a byte that is not there (NaN) becomes null, which hides a cut message."""
    chance = random.Random(43)
    calls = [
        CodecCall(profile, chance.randbytes(length), port, 0)
        for profile in sources
        for port in PORTS
        for length in (7, 11)
    ]

    answers = codecs.run(calls)

    null = {(call.profile, key) for call in calls for key, value in answers[call].fields.items() if value is None}
    assert null == set()
