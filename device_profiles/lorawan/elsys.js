// Elsys sensors (ERS, EMS, ELT, ESM and their variants): type and value, one after the other, on port 5.
// Facts from the Elsys payload document. Settings (type 0x3E) end the readings.

// By type: how long its value is, and what it says.
const TYPES = {
  0x01: [2, (data, bytes, at) => (data.temperature = signed(bytes, at, 2) / 10)],
  0x02: [1, (data, bytes, at) => (data.humidity = bytes[at])],
  0x03: [3, () => 0],
  0x04: [2, (data, bytes, at) => (data.light = unsigned(bytes, at, 2))],
  0x05: [1, (data, bytes, at) => (data.motion = bytes[at])],
  0x06: [2, (data, bytes, at) => (data.co2 = unsigned(bytes, at, 2))],
  0x07: [2, (data, bytes, at) => (data.vdd = unsigned(bytes, at, 2))],
  0x08: [2, (data, bytes, at) => (data.analog1 = unsigned(bytes, at, 2))],
  0x09: [6, () => 0],
  0x0a: [2, (data, bytes, at) => (data.pulse1 = unsigned(bytes, at, 2))],
  0x0b: [4, (data, bytes, at) => (data.pulseAbs = unsigned(bytes, at, 4))],
  0x0c: [2, (data, bytes, at) => (data.externalTemperature = signed(bytes, at, 2) / 10)],
  0x0d: [1, (data, bytes, at) => (data.digital = bytes[at])],
  0x0e: [2, (data, bytes, at) => (data.distance = unsigned(bytes, at, 2))],
  0x0f: [1, (data, bytes, at) => (data.accMotion = bytes[at])],
  0x10: [
    4,
    (data, bytes, at) => {
      data.irInternalTemperature = signed(bytes, at, 2) / 10;
      data.irExternalTemperature = signed(bytes, at + 2, 2) / 10;
    },
  ],
  0x11: [1, (data, bytes, at) => (data.occupancy = bytes[at])],
  0x12: [1, (data, bytes, at) => (data.waterleak = bytes[at])],
  0x13: [65, () => 0],
  0x14: [4, (data, bytes, at) => (data.pressure = unsigned(bytes, at, 4) / 1000)],
  0x15: [
    2,
    (data, bytes, at) => {
      data.soundPeak = bytes[at];
      data.soundAvg = bytes[at + 1];
    },
  ],
  0x16: [2, (data, bytes, at) => (data.pulse2 = unsigned(bytes, at, 2))],
  0x17: [4, (data, bytes, at) => (data.pulseAbs2 = unsigned(bytes, at, 4))],
  0x18: [2, (data, bytes, at) => (data.analog2 = unsigned(bytes, at, 2))],
  0x19: [2, (data, bytes, at) => (data.externalTemperature2 = signed(bytes, at, 2) / 10)],
  0x1a: [1, (data, bytes, at) => (data.digital2 = bytes[at])],
  0x1b: [4, (data, bytes, at) => (data.analogUv = signed(bytes, at, 4))],
  0x1c: [2, (data, bytes, at) => (data.tvoc = unsigned(bytes, at, 2))],
  0x3d: [4, () => 0],
};
const SETTINGS = 0x3e;

function decodeUplink(input) {
  const { bytes } = input;
  const data = {};
  let index = 0;
  while (index < bytes.length && bytes[index] !== SETTINGS) {
    const type = bytes[index];
    const known = TYPES[type];
    if (known === undefined) {
      return unfinished(data, `type ${type} is not known here; the rest was left`);
    }
    const [length, read] = known;
    if (index + 1 + length > bytes.length) {
      return unfinished(data, `the message ends within type ${type}`);
    }
    read(data, bytes, index + 1);
    index += 1 + length;
  }
  return { data };
}

// What stood whole before still counts: an alarm may be in it.
function unfinished(data, words) {
  return Object.keys(data).length > 0 ? { data, warnings: [words] } : { errors: [words] };
}

function unsigned(bytes, at, length) {
  let value = 0;
  for (let index = at; index < at + length; index += 1) {
    value = value * 256 + bytes[index];
  }
  return value;
}

function signed(bytes, at, length) {
  const value = unsigned(bytes, at, length);
  return value >= 2 ** (8 * length - 1) ? value - 2 ** (8 * length) : value;
}
