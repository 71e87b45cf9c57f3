// Elsys sensors (ERS, EMS, ELT, ESM and their variants): type and value, one after the other, on port 5.
// Facts from the Elsys payload document. Settings (type 0x3E) end the readings.

const TYPES = {
  0x01: [2, (bytes) => ({ temperature: signed(bytes, 2) / 10 })],
  0x02: [1, (bytes) => ({ humidity: bytes[0] })],
  0x03: [3, (bytes) => ({ x: signed(bytes, 1), y: signed(bytes.slice(1), 1), z: signed(bytes.slice(2), 1) })],
  0x04: [2, (bytes) => ({ light: unsigned(bytes, 2) })],
  0x05: [1, (bytes) => ({ motion: bytes[0] })],
  0x06: [2, (bytes) => ({ co2: unsigned(bytes, 2) })],
  0x07: [2, (bytes) => ({ vdd: unsigned(bytes, 2) })],
  0x08: [2, (bytes) => ({ analog1: unsigned(bytes, 2) })],
  0x09: [6, () => ({})],
  0x0a: [2, (bytes) => ({ pulse1: unsigned(bytes, 2) })],
  0x0b: [4, (bytes) => ({ pulseAbs: unsigned(bytes, 4) })],
  0x0c: [2, (bytes) => ({ externalTemperature: signed(bytes, 2) / 10 })],
  0x0d: [1, (bytes) => ({ digital: bytes[0] })],
  0x0e: [2, (bytes) => ({ distance: unsigned(bytes, 2) })],
  0x0f: [1, (bytes) => ({ accMotion: bytes[0] })],
  0x10: [
    4,
    (bytes) => ({
      irInternalTemperature: signed(bytes, 2) / 10,
      irExternalTemperature: signed(bytes.slice(2), 2) / 10,
    }),
  ],
  0x11: [1, (bytes) => ({ occupancy: bytes[0] })],
  0x12: [1, (bytes) => ({ waterleak: bytes[0] })],
  0x13: [65, () => ({})],
  0x14: [4, (bytes) => ({ pressure: unsigned(bytes, 4) / 1000 })],
  0x15: [2, (bytes) => ({ soundPeak: bytes[0], soundAvg: bytes[1] })],
  0x16: [2, (bytes) => ({ pulse2: unsigned(bytes, 2) })],
  0x17: [4, (bytes) => ({ pulseAbs2: unsigned(bytes, 4) })],
  0x18: [2, (bytes) => ({ analog2: unsigned(bytes, 2) })],
  0x19: [2, (bytes) => ({ externalTemperature2: signed(bytes, 2) / 10 })],
  0x1a: [1, (bytes) => ({ digital2: bytes[0] })],
  0x1b: [4, (bytes) => ({ analogUv: signed(bytes, 4) })],
  0x1c: [2, (bytes) => ({ tvoc: unsigned(bytes, 2) })],
  0x3d: [4, () => ({})],
};
const SETTINGS = 0x3e;

function decodeUplink(input) {
  const { bytes } = input;
  const data = {};
  let index = 0;
  while (index < bytes.length && bytes[index] !== SETTINGS) {
    const known = TYPES[bytes[index]];
    if (known === undefined) {
      return { data, warnings: [`type ${bytes[index]} is not known here; the rest was left`] };
    }
    const [length, read] = known;
    const value = bytes.slice(index + 1, index + 1 + length);
    if (value.length < length) {
      return cutShort(data, `type ${bytes[index]}`);
    }
    const fields = read(value);
    for (const name of Object.keys(fields)) {
      if (!(name in data)) {
        data[name] = fields[name];
      }
    }
    index += 1 + length;
  }
  return { data };
}

// What stood whole before the cut still counts: an alarm may be in it.
function cutShort(data, name) {
  const words = `the message ends within ${name}`;
  return Object.keys(data).length > 0 ? { data, warnings: [words] } : { errors: [words] };
}

function unsigned(bytes, length) {
  let value = 0;
  for (let index = 0; index < length; index += 1) {
    value = value * 256 + bytes[index];
  }
  return value;
}

function signed(bytes, length) {
  const value = unsigned(bytes, length);
  return value >= 2 ** (8 * length - 1) ? value - 2 ** (8 * length) : value;
}
