// The world of one codec: what it may see, and how it is asked. Evaluated before the codec, in its own context, as a
// function of the codec's clock; gives `ask`, which the codec cannot reach. What `ask` leans on is taken before foreign
// code runs, so that a codec that replaces JSON or Array.prototype harms its own answers only.
(function () {
  "use strict";
  const parse = JSON.parse, stringify = JSON.stringify, floor = Math.floor, RealDate = Date, text = String;
  const construct = Reflect.construct, apply = Reflect.apply, sourceOf = Function.prototype.toString;
  const test = RegExp.prototype.test, firstNamesPort = /^[^(]*\(?\s*_?f?port/i;
  const isSafe = Number.isSafeInteger, number = Number, ThenOf = Promise, Stopped = InternalError;
  const STACK_OVERFLOW = "Maximum call stack size exceeded";
  let now = 0, seed = 1;

  // No clock: it is always the time of receipt.
  function Dated(...parts) {
    if (!new.target) return text(new RealDate(now));
    return construct(RealDate, parts.length ? parts : [now], new.target);
  }
  Dated.now = () => now;
  Dated.parse = RealDate.parse;
  Dated.UTC = RealDate.UTC;
  Dated.prototype = RealDate.prototype;
  RealDate.prototype.constructor = Dated;
  globalThis.Date = Dated;

  // No chance: the same numbers in every call (Lehmer's generator).
  Math.random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;

  // Nothing that waits, measures, or tells when memory is freed.
  for (const name of ["Atomics", "SharedArrayBuffer", "performance", "WeakRef", "FinalizationRegistry", "queueMicrotask"])
    delete globalThis[name];

  const nothing = () => undefined;
  globalThis.console = { log: nothing, info: nothing, warn: nothing, error: nothing, debug: nothing, trace: nothing };
  globalThis.module = { exports: {} };
  globalThis.exports = globalThis.module.exports;

  // The part of Buffer that vendors use. Network servers offer it, so codecs lean on it.
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  class Buffer extends Uint8Array {
    static from(value, encoding) {
      if (typeof value === "string") value = bytesOf(value, encoding);
      else if (value instanceof ArrayBuffer) return new Buffer(value);
      const made = new Buffer(value.length);
      for (let i = 0; i < value.length; i++) made[i] = value[i];
      return made;
    }
    static alloc(size, fill) { return new Buffer(size).fill(fill || 0); }
    static isBuffer(value) { return value instanceof Buffer; }
    static concat(list) { return Buffer.from(list.reduce((all, one) => [...all, ...one], [])); }
    slice(from, to) { return this.subarray(from, to); }
    equals(other) { return this.length === other.length && this.every((one, i) => one === other[i]); }
    view() { return new DataView(this.buffer, this.byteOffset, this.byteLength); }
    toJSON() { return { type: "Buffer", data: Array.from(this) }; }
    readIntBE(at, size) { return signed(this.readUIntBE(at, size), size); }
    readIntLE(at, size) { return signed(this.readUIntLE(at, size), size); }
    readUIntBE(at, size) { let sum = 0; for (let i = 0; i < size; i++) sum = sum * 256 + byteOf(this, at + i); return sum; }
    readUIntLE(at, size) { let sum = 0; while (size-- > 0) sum = sum * 256 + byteOf(this, at + size); return sum; }
    toString(encoding, from, to) {
      const part = this.subarray(from || 0, to === undefined ? this.length : to);
      let out = "";
      switch ((encoding || "utf8").toLowerCase()) {
        case "hex":
          for (const one of part) out += (one < 16 ? "0" : "") + one.toString(16);
          return out;
        case "base64":
          for (let i = 0; i < part.length; i += 3) {
            const three = (part[i] << 16) | ((part[i + 1] || 0) << 8) | (part[i + 2] || 0);
            out += LETTERS[three >> 18] + LETTERS[(three >> 12) & 63];
            out += i + 1 < part.length ? LETTERS[(three >> 6) & 63] : "=";
            out += i + 2 < part.length ? LETTERS[three & 63] : "=";
          }
          return out;
        case "utf8": case "utf-8":
          for (const one of part) out += "%" + (one < 16 ? "0" : "") + one.toString(16);
          try { return decodeURIComponent(out); } catch { return part.toString("latin1"); }
        default:
          for (const one of part) out += String.fromCharCode(one);
          return out;
      }
    }
  }
  const signed = (value, size) => (value >= 2 ** (8 * size - 1) ? value - 2 ** (8 * size) : value);
  function byteOf(buffer, at) {
    if (!(at >= 0 && at < buffer.length)) throw new RangeError(`offset ${at} is outside of ${buffer.length} bytes`);
    return buffer[at];
  }
  function bytesOf(value, encoding) {
    const out = [];
    switch ((encoding || "utf8").toLowerCase()) {
      case "hex":
        for (let i = 0; i + 1 < value.length; i += 2) out.push(parseInt(value.substr(i, 2), 16));
        return out;
      case "base64": {
        let bits = 0, held = 0;
        for (const letter of value.replace(/-/g, "+").replace(/_/g, "/")) {
          const six = LETTERS.indexOf(letter);
          if (six < 0) continue;
          held = ((held << 6) | six) & 0xffffff;
          if ((bits += 6) >= 8) out.push((held >> (bits -= 8)) & 255);
        }
        return out;
      }
      case "utf8": case "utf-8":
        for (const part of encodeURIComponent(value).match(/%..|[^%]/g) || [])
          out.push(part.length === 3 ? parseInt(part.slice(1), 16) : part.charCodeAt(0));
        return out;
      default:
        for (let i = 0; i < value.length; i++) out.push(value.charCodeAt(i) & 255);
        return out;
    }
  }
  for (const [name, method, size] of [
    ["UInt8", "getUint8", 1], ["Int8", "getInt8", 1], ["UInt16", "getUint16", 2], ["Int16", "getInt16", 2],
    ["UInt32", "getUint32", 4], ["Int32", "getInt32", 4], ["Float", "getFloat32", 4], ["Double", "getFloat64", 8],
    ["BigUInt64", "getBigUint64", 8], ["BigInt64", "getBigInt64", 8],
  ]) {
    for (const [order, little] of size === 1 ? [["", true]] : [["LE", true], ["BE", false]]) {
      const read = function (at) { return this.view()[method](at || 0, little); };
      for (const spelled of [name, name.replace("UInt", "Uint")]) Buffer.prototype[`read${spelled}${order}`] = read;
    }
  }
  globalThis.Buffer = Buffer;

  // BigInt has no place in JSON: a number where it is exact, else its digits.
  function plain(_key, value) {
    if (typeof value !== "bigint") return value;
    const near = number(value);
    return isSafe(near) ? near : text(value);
  }

  function written(answer) {
    if (answer instanceof ThenOf) throw new TypeError("it is asynchronous; expected an answer at once");
    try {
      return stringify(answer);
    } catch (error) {
      if (error instanceof Stopped) throw error;
      return stringify(answer, plain);
    }
  }

  // What was thrown, which may be anything, as JSON text: after "!" where the engine had to stop it, else after "~".
  function told(error) {
    try {
      const stopped = error instanceof Stopped || (error instanceof RangeError && error.message === STACK_OVERFLOW);
      const isError = typeof error === "object" && error !== null && "message" in error;
      const said = isError ? `${error.name || "Error"}: ${error.message}` : text(error);
      return (stopped ? "!" : "~") + stringify(said.substr(0, 300));
    } catch {
      return '~"what it threw cannot be told"';
    }
  }

  // Data is a fresh list, the codec's to change. Gives JSON, or what `told` gives.
  return function prepare(decodeUplink, older, isPortFirst) {
    const portFirst = older && (isPortFirst || apply(test, firstNamesPort, [apply(sourceOf, older, [])]));
    return function ask(bytes, port, at) {
      now = at;
      seed = 20011;
      try {
        const list = parse(bytes);
        const answer = decodeUplink
          ? decodeUplink({ bytes: list, fPort: port, recvTime: new RealDate(at), variables: {} })
          : portFirst ? older(port, list, {}) : older(list, port, {});
        return written(answer) || "null";
      } catch (error) {
        return told(error);
      }
    };
  };
})();
