"""Vendors' codecs in their worker: what is understood, and that a hostile one harms nobody but itself."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.codecs.javascript import JavaScriptCodecs
from shouwang.domain.codec import CodecAnswer, CodecCall
from shouwang.domain.moment import parse_rfc3339
from shouwang.domain.vocabulary import Problem

pytestmark = pytest.mark.slow

AT = parse_rfc3339("2026-03-01T12:00:00Z")
SOUND = """
function decodeUplink(input) {
  var sum = 0;
  input.bytes.forEach(function (one) { sum += one; });
  return {data: {sum: sum, port: input.fPort, text: JSON.stringify([sum]), list: [1, 2].map(String)}};
}
"""
HOSTILE = {
    "an endless loop": "function decodeUplink() { for (;;); }",
    "an endless loop that catches": "function decodeUplink() { for (;;) try { for (;;); } catch (e) {} }",
    "a catastrophic expression": "function decodeUplink() { return {a: /^(a+)+$/.test('a'.repeat(40) + '!')}; }",
    "a memory bomb": "function decodeUplink() { var a = []; for (;;) a.push(new Array(1000).fill(7)); }",
    "a memory bomb that catches": "var a = []; function decodeUplink() { for (;;) try { a.push([a]); } catch (e) {} }",
    "a doubling text": "function decodeUplink() { var a = 'ab'; for (;;) a += a; }",
    "deep recursion": "function decodeUplink(input) { return decodeUplink(input); }",
    "recursion in a property": "function decodeUplink() { return {data: {get a() { return this.a; }}}; }",
    "an endless property": "function decodeUplink() { return {data: {get a() { for (;;); }}}; }",
    "an endless toJSON": "function decodeUplink() { return {data: {toJSON() { for (;;); }}}; }",
    "an endless proxy": "function decodeUplink() { return {data: new Proxy({}, {ownKeys() { for (;;); }})}; }",
    "an answer in a circle": "function decodeUplink() { var a = {}; a.a = a; return {data: a}; }",
    "a huge answer": "function decodeUplink() { return {data: {a: 'x'.repeat(1e6)}}; }",
    "a huge list": "function decodeUplink() { return {data: {a: new Array(1e9)}}; }",
    "a deep answer": "function decodeUplink() { var a = 1; for (var i = 0; i < 99; i++) a = [a]; return {a: a}; }",
    "a deeper answer": "function decodeUplink() { var a = 1; for (var i = 0; i < 9e3; i++) a = [a]; return {a: a}; }",
    "an error": "function decodeUplink() { throw new Error('no'); }",
    "an error that is no error": "function decodeUplink() { throw null; }",
    "an endless error": "function decodeUplink() { throw {toString() { for (;;); }}; }",
    "an endless message": "function decodeUplink() { throw {get message() { for (;;); }}; }",
    "a conversion that never ends": "function decodeUplink() { return {a: +{[Symbol.toPrimitive]() { for (;;); }}}; }",
    "an error at once": "throw {toString() { for (;;); }};",
    "a loop at once": "for (;;);",
    "errors for ever": "InternalError.prototype.toString = () => { for (;;); }; function decodeUplink() { for (;;); }",
    "no decoder": "var a = 1;",
    "no script": "function (",
    "a promise": "async function decodeUplink() { return {data: {a: 1}}; }",
    "half a letter": "function decodeUplink() { return {data: {a: '\\ud800'}}; }",
    "a way out": "function decodeUplink() { return {data: {a: require('fs').readFileSync('/etc/passwd')}}; }",
    "a module": "import * as os from 'os'; export function decodeUplink() { return {data: {a: 1}}; }",
    "a network": "function decodeUplink() { fetch('http://127.0.0.1'); return {data: {a: 1}}; }",
}
POISONED = {
    "another JSON": 'JSON.stringify = () => \'{"data": {"a": 2}}\'; JSON.parse = () => [];',
    "another Array": "Array.prototype.push = Array.prototype.map = Array.prototype.forEach = () => { throw 1; };",
    "another Object": "Object.prototype.toString = Object.keys = () => { throw 1; }; Object.prototype.x = {a: 9};",
    "another Date": "Date.prototype.getTime = () => 0; Date = undefined; Math.random = undefined;",
    "another world": "for (var k of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[k]; } catch (e) {}",
}


@pytest.fixture(scope="module")
def codecs() -> Iterator["Bench"]:
    bench = Bench({"sound": SOUND})
    yield bench
    bench.codecs.close()


class Bench:
    """Codecs by name, each asked with a few words."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.codecs = JavaScriptCodecs(sources, wall_seconds=0.5)

    def asks(self, profile: str, data: bytes = b"\x01\x02", port: int = 2) -> CodecAnswer:
        call = CodecCall(profile, data, port, AT)
        return self.codecs.run([call])[call]


def answer_to(source: str, data: bytes = b"\x01\x02") -> CodecAnswer:
    bench = Bench({"mine": source})
    try:
        return bench.asks("mine", data)
    finally:
        bench.codecs.close()


def test_a_sound_codec_answers(codecs: Bench) -> None:
    assert codecs.asks("sound").fields == {"sum": 3, "port": 2, "text": "[3]", "list": ["1", "2"]}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_codec_harms_only_itself_and_is_named(name: str) -> None:
    codecs = JavaScriptCodecs({"hostile": HOSTILE[name], "sound": SOUND}, wall_seconds=0.4)
    calls = [CodecCall(who, bytes([n]), 2, AT) for n in range(3) for who in ("sound", "hostile", "sound")]
    began = time.monotonic()
    answers = codecs.run(calls)
    took = time.monotonic() - began
    codecs.close()
    for call in calls:
        answer = answers[call]
        if call.profile == "sound":
            assert (answer.problem, answer.fields["sum"]) == (None, call.data[0])
        else:
            assert answer.problem is not None
            assert answer.problem.code in (Problem.CODEC_ERROR, Problem.CODEC_TIMEOUT)
            assert "hostile" in answer.problem.detail
            assert answer.fields == {}
    assert took < 10


@pytest.mark.parametrize("name", POISONED)
def test_a_codec_that_changes_its_world_changes_nobody_elses(name: str) -> None:
    poisoned = POISONED[name] + "function decodeUplink(input) { return {data: {a: input.bytes[0]}}; }"
    codecs = JavaScriptCodecs({"poisoned": poisoned, "sound": SOUND})
    calls = [CodecCall(who, bytes([n]), 2, AT) for n in range(1, 4) for who in ("poisoned", "sound")]
    answers = codecs.run(calls)
    codecs.close()
    for call in calls:
        expected = {"a": call.data[0]} if call.profile == "poisoned" else {"sum": call.data[0]}
        assert answers[call].fields.items() >= expected.items()


@pytest.mark.parametrize(
    "source",
    [
        "function decodeUplink(input) { return {data: {b: input.bytes[1], p: input.fPort}}; }",
        "const decodeUplink = ({bytes, fPort}) => ({data: {b: bytes[1], p: fPort}, warnings: [], errors: []});",
        "function Decode(fPort, bytes, variables) { return {b: bytes[1], p: fPort}; }",
        "function Decoder(bytes, port) { return {b: bytes[1], p: port}; }",
        "var Decoder = function (bytes, fport) { return {b: bytes[1], p: fport}; };",
        "function decoder(fPort, bytes) { return {b: bytes[1], p: fPort}; }",
        "function rakDecoder(bytes, port) { return {b: bytes[1], p: port}; }",
        "function Decoder(b, p) { return {}; } function decodeUplink(i) { return {b: i.bytes[1], p: i.fPort}; }",
        "module.exports = {decodeUplink: i => ({data: {b: i.bytes[1], p: i.fPort}})};",
        "exports.decodeUplink = i => ({data: {b: i.bytes[1], p: i.fPort}});",
        "module.exports = function (i) { return {data: {b: i.bytes[1], p: i.fPort}}; };",
        "export function decodeUplink(i) { return {data: {b: i.bytes[1], p: i.fPort}}; }",
        "function decodeUplink(i) { return {data: {b: i.bytes[1], p: i.fPort}}; }\nexport { decodeUplink };",
        "export default {\n  decodeUplink(i) { return {data: {b: i.bytes[1], p: i.fPort}}; }\n};",
        "'use strict'; function decodeUplink(i) { return {b: i.bytes[1], p: i.fPort}; }",
        "function decodeUplink(i) { const b = Buffer.from(i.bytes); return {data: {b: b.readUInt8(1), p: i.fPort}}; }",
        "Object.defineProperty(Object, 'assign', {value: (a, b) => { for (var k in b) a[k] = b[k]; return a; }});"
        "function decodeUplink(i) { return {data: Object.assign({b: i.bytes[1]}, {p: i.fPort})}; }",
    ],
)
def test_vendors_forms_are_understood(source: str) -> None:
    assert answer_to(source).fields == {"b": 2, "p": 2}


def test_buffer_reads_and_tells_as_network_servers_have_it() -> None:
    source = """function decodeUplink(i) {
      const b = Buffer.from(i.bytes);
      return {data: {hex: b.toString('hex'), base64: b.toString('base64'), back: Buffer.from('AQL+gA==', 'base64')[2],
        le: b.readUInt16LE(0), be: b.readInt16BE(2), three: b.readUIntBE(0, 3), utf8: Buffer.from('中').toString(),
        float: Buffer.from('0000c03f', 'hex').readFloatLE(0)}};
    }"""
    assert answer_to(source, b"\x01\x02\xfe\x80").fields == {
        "hex": "0102fe80",
        "base64": "AQL+gA==",
        "back": 254,
        "le": 513,
        "be": -384,
        "three": 66302,
        "utf8": "中",
        "float": 1.5,
    }


def test_its_clock_is_the_time_of_receipt_and_its_chance_is_none() -> None:
    source = """function decodeUplink(i) {
      return {data: {now: Date.now(), is: new Date().toISOString(), text: Date(), given: i.recvTime.toISOString(),
        year: i.recvTime instanceof Date && new Date(2020, 0).getFullYear(), chance: Math.random()}};
    }"""
    bench = Bench({"one": source, "two": source})
    first, again, other = bench.asks("one").fields, bench.asks("one", b"\x01").fields, bench.asks("two").fields
    bench.codecs.close()
    assert first == again == other
    assert first["now"] == AT // 1000
    assert first["is"] == first["given"] == "2026-03-01T12:00:00.000Z"
    assert first["text"].startswith("Sun Mar 01 2026 12:00:00")
    assert first["year"] == 2020


def test_nothing_beyond_the_language_is_there() -> None:
    source = """function decodeUplink() {
      var names = ['require', 'process', 'fetch', 'XMLHttpRequest', 'setTimeout', 'std', 'os', 'Atomics', 'performance',
        'SharedArrayBuffer', 'WeakRef', 'FinalizationRegistry', 'scriptArgs', 'print', '__entry', '__prepare'];
      return {data: {found: names.filter(function (name) { return name in globalThis; }).join()}};
    }"""
    assert answer_to(source).fields == {"found": ""}


def test_what_is_no_plain_data_becomes_plain() -> None:
    source = """function decodeUplink() {
      return {data: {big: 7n, huge: 2n ** 70n, nan: NaN, none: undefined, run() {}, at: new Date(0), less: -Infinity}};
    }"""
    assert answer_to(source).fields == {
        "big": 7,
        "huge": "1180591620717411303424",
        "nan": None,
        "at": "1970-01-01T00:00:00.000Z",
        "less": None,
    }


@pytest.mark.parametrize(
    ("answer", "fields", "warning"),
    [
        ("{}", {}, "it gave no field"),
        ("undefined", {}, "it gave nothing"),
        ("{data: {}}", {}, "it gave no field"),
        ("{data: 'unknown port'}", {}, "unknown port"),
        ("{data: {error: 'unknown port'}}", {}, "unknown port"),
        ("'unknown port'", {}, "unknown port"),
        ("{data: {a: 1}, errors: ['half of it']}", {"a": 1}, "half of it"),
        ("{data: {a: 1}, warnings: ['low']}", {"a": 1}, "low"),
        ("{data: {a: 1}, errors: [], warnings: null}", {"a": 1}, None),
        ("{a: 1, errors: 0}", {"a": 1, "errors": 0}, None),
    ],
)
def test_answers_are_understood_as_vendors_give_them(answer: str, fields: dict[str, object], warning: str) -> None:
    said = answer_to(f"function decodeUplink() {{ return {answer}; }}")
    assert (said.fields, said.problem) == (fields, None)
    assert said.warnings == ([warning] if warning else [])


@pytest.mark.parametrize("errors", ["['bad port']", "'bad port'", "[{code: 'bad port'}]"])
def test_errors_without_data_refuse_the_message_in_the_codecs_words(errors: str) -> None:
    said = answer_to(f"function decodeUplink() {{ return {{errors: {errors}}}; }}")
    assert said.problem is not None
    assert said.problem.code is Problem.CODEC_ERROR
    assert "bad port" in said.problem.detail
    assert "mine" in said.problem.detail


def test_a_worker_killed_from_outside_counts_for_nothing(codecs: Bench) -> None:
    for _ in range(3):
        codecs.asks("sound")
        pid = codecs.codecs.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert codecs.asks("sound").fields["sum"] == 3
        assert codecs.codecs.pid != pid


def test_a_worker_ends_when_its_service_is_gone(codecs: Bench) -> None:
    codecs.asks("sound")
    pid = codecs.codecs.pid
    codecs.codecs.close()
    assert not Path(f"/proc/{pid}").exists()
    assert codecs.asks("sound").problem is None


def test_a_codec_that_takes_its_worker_down_is_left_alone_for_a_while() -> None:
    bench = Bench({"hostile": "throw {toString() { for (;;); }};", "sound": SOUND})
    for _ in range(2):
        bench.asks("hostile")
    began = time.monotonic()
    assert all(bench.asks("hostile", bytes([n])).problem is not None for n in range(50))
    assert bench.asks("sound").problem is None
    bench.codecs.close()
    assert time.monotonic() - began < 1


def test_a_codec_that_is_always_stopped_costs_one_attempt_a_batch() -> None:
    bench = Bench({"hostile": "function decodeUplink(i) { for (; i.bytes[0];); return {data: {a: 1}}; }"})
    calls = [CodecCall("hostile", bytes([1, n]), 2, AT) for n in range(200)]
    bench.codecs.run(calls)
    began = time.monotonic()
    bench.codecs.run(calls)
    assert time.monotonic() - began < 0.5
    assert bench.asks("hostile", b"\x00").fields == {"a": 1}
    assert bench.asks("hostile", b"\x00\x01").problem is None
    bench.codecs.close()


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300), port=st.integers(0, 255))
def test_whatever_the_bytes_a_codec_gives_an_answer(codecs: Bench, data: bytes, port: int) -> None:
    answer = codecs.asks("sound", data, port)
    assert answer.problem is None
    assert (answer.fields["sum"], answer.fields["port"]) == (sum(data), port)
