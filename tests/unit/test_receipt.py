"""Receipts move a delivery forward only; an answer is one of few words; telephones are the same however written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.notice import Delivery, DeliveryState, Failure, Why
from shouwang.domain.receipt import Answer, Receipt, answer_in, international, national, receive, same_number
from shouwang.domain.vocabulary import SECOND, DeliveryKey, IncidentId, NoticeId, PersonId

S = DeliveryState
ORDER = (S.SENT, S.DELIVERED, S.SEEN, S.ANSWERED)
RECEIPTS = st.one_of(
    st.sampled_from([S.DELIVERED, S.SEEN]).map(lambda state: Receipt(arrived=state)),
    st.sampled_from(Failure).map(lambda failure: Receipt(failure=failure)),
    st.just(Receipt()),
)


def delivery(state: DeliveryState) -> Delivery:
    return Delivery(
        key=DeliveryKey("k"),
        notice=NoticeId("n"),
        incident=IncidentId("i"),
        person=PersonId("wang"),
        channel="voice",
        contact=0,
        why=Why.FIRST,
        state=state,
        created_at=0,
        due_at=0,
        attempts=1,
    )


@given(st.sampled_from(S), st.lists(RECEIPTS, max_size=8))
def test_whatever_comes_in_whatever_order_nothing_goes_back(state: DeliveryState, receipts: list[Receipt]) -> None:
    one = delivery(state)
    for now, receipt in enumerate(receipts, 1):
        after = receive(one, receipt, now)
        if after is None:
            continue
        if after.state in ORDER:
            assert ORDER.index(after.state) > ORDER.index(one.state)
        else:
            assert one.state is S.SENT, "only what a gateway accepted can be said not to have arrived"
            assert after.failure is receipt.failure
        assert receive(after, receipt, now) is None, "the same again is no news"
        one = after


def test_a_call_that_nobody_took_is_tried_again_and_a_wrong_number_is_not() -> None:
    busy = receive(delivery(S.SENT), Receipt(failure=Failure.NO_ANSWER, detail="200010"), 10)
    assert busy is not None
    assert (busy.state, busy.due_at, busy.detail) == (S.UNREACHABLE, 10 + SECOND, "200010")
    wrong = receive(delivery(S.SENT), Receipt(failure=Failure.REFUSED), 10)
    assert wrong is not None
    assert (wrong.state, wrong.detail) == (S.REFUSED, "reported refused")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", Answer.ACKNOWLEDGE), ("１", Answer.ACKNOWLEDGE), (" 接单！", Answer.ACKNOWLEDGE),
        ("OK.", Answer.ACKNOWLEDGE),
        ("2", Answer.DECLINE), ("去不了。", Answer.DECLINE), ("3", Answer.EN_ROUTE), ("到场", Answer.ARRIVE),
        ("", None), ("12", None), ("1号楼没事", None), ("我马上就到，等1下", None), ("TD", None), ("0", None),
    ],
)  # fmt: skip
def test_an_answer_is_one_of_few_words_and_nothing_is_guessed(text: str, answer: Answer | None) -> None:
    assert answer_in(text) is answer


@given(st.text(max_size=200))
def test_any_text_is_an_answer_or_none(text: str) -> None:
    assert answer_in(text) is None or isinstance(answer_in(text), Answer)


@pytest.mark.parametrize(
    ("written", "at_home", "abroad"),
    [
        ("13800000000", "13800000000", "+8613800000000"),
        ("+86 138-0000-0000", "13800000000", "+8613800000000"),
        ("8613800000000", "13800000000", "+8613800000000"),
        ("008613800000000", "13800000000", "+8613800000000"),
        ("0573-8888 8888", "057388888888", "+8657388888888"),
        ("+44 20 7946 0000", "442079460000", "+442079460000"),
        ("", "", ""),
    ],
)
def test_a_telephone_is_written_as_each_gateway_wants_it(written: str, at_home: str, abroad: str) -> None:
    assert (national(written), international(written)) == (at_home, abroad)


def test_the_same_telephone_is_known_however_it_is_written() -> None:
    for one in ("13800000000", "+8613800000000", "86 138 0000 0000", "0086-13800000000"):
        assert same_number(one, "+86 138 0000 0000")
    assert not same_number("", "")
    assert not same_number("13800000001", "13800000000")
