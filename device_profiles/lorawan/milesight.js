// What all codecs of Milesight's channel format share; each names its CHANNELS: number to [length, how it is read].

/** Settings that a device repeats after a downlink (fe, ff) and what it says of itself at start-up: type to length. */
const SETTINGS = {
  0x01: 1, 0x02: 2, 0x03: 2, 0x04: 1, 0x06: 9, 0x09: 2, 0x0a: 2, 0x0b: 1, 0x0f: 1, 0x10: 1, 0x11: 4, 0x12: 2, 0x16: 8,
  0x17: 2, 0x18: 2, 0x1c: 2, 0x25: 1, 0x27: 1, 0x28: 1, 0x2d: 1, 0x2f: 1, 0x35: 8, 0x3b: 1, 0x3e: 1, 0x40: 1, 0x42: 1,
  0x4a: 1, 0x61: 2, 0x64: 1, 0x68: 1, 0x69: 1, 0x6a: 3, 0x6d: 1, 0x74: 1, 0x79: 6, 0x84: 1, 0x8e: 3, 0x8f: 1, 0x96: 8,
  0xba: 10, 0xbd: 2, 0xea: 3, 0xf1: 4, 0xf2: 2, 0xf5: 1, 0xfe: 1, 0xff: 2,
};

/**
 * Milesight's channel format: channel, type, value of known length, and so on. An unknown channel ends the reading, for
 * its length is unknown too; a cut one is not read.
 */
function decodeUplink(input) {
  const bytes = input.bytes;
  const data = {};
  const warnings = [];
  let at = 0;
  while (at < bytes.length) {
    const channel = bytes[at];
    const type = bytes[at + 1];
    const known = CHANNELS[channel * 256 + type];
    if (!known && channel >= 0xf8 && !(channel >= 0xfe && type in SETTINGS)) break; // another answer to a downlink
    const length = known ? known[0] : channel >= 0xfe ? SETTINGS[type] : undefined;
    if (length === undefined || at + 2 + length > bytes.length) {
      const what = length === undefined ? "unknown" : "cut";
      warnings.push(`channel ${hex(channel)} ${hex(type)} is ${what}`);
      break;
    }
    if (known) known[1](data, bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return at > 0 || warnings.length === 0 ? { data, warnings } : { errors: ["nothing that is known", ...warnings] };
}

function hex(byte) {
  return byte === undefined ? "--" : byte.toString(16).padStart(2, "0");
}

function unsigned(bytes) {
  let value = 0;
  for (let at = bytes.length - 1; at >= 0; at--) value = value * 256 + bytes[at];
  return value;
}

function signed(bytes) {
  const value = unsigned(bytes);
  return value < 2 ** (8 * bytes.length - 1) ? value : value - 2 ** (8 * bytes.length);
}
