// Sensative Strips: on port 1 what is true now, type and value one after the other behind a sequence number; on port 2
// entries of the past with their age, which are no news. Bit 7 of a type says that the entry is in the history too.
// Facts from the Strips LoRa protocol document.

const TYPES = {
  0: [0, () => ({})],
  1: [1, (bytes) => ({ battery: bytes[0] })],
  2: [2, (bytes) => ({ temperature: { value: signed(bytes) / 10 } })],
  3: [1, (bytes) => ({ tempAlarm: limits(bytes[0]) })],
  4: [2, (bytes) => ({ averageTemperature: { value: signed(bytes) / 10 } })],
  5: [1, (bytes) => ({ avgTempAlarm: limits(bytes[0]) })],
  6: [1, (bytes) => ({ humidity: { value: bytes[0] / 2 } })],
  7: [2, (bytes) => ({ lux: { value: unsigned(bytes) } })],
  8: [2, (bytes) => ({ lux2: { value: unsigned(bytes) } })],
  9: [1, (bytes) => ({ door: { value: bytes[0] !== 0 } })],
  10: [1, (bytes) => ({ doorAlarm: { value: bytes[0] !== 0 } })],
  11: [1, (bytes) => ({ tamperReport: { value: bytes[0] !== 0 } })],
  12: [1, (bytes) => ({ tamperAlarm: { value: bytes[0] !== 0 } })],
  13: [1, (bytes) => ({ flood: { value: bytes[0] } })],
  14: [1, (bytes) => ({ floodAlarm: { value: bytes[0] !== 0 } })],
  15: [1, (bytes) => ({ oilAlarm: { value: bytes[0] }, foilAlarm: { value: bytes[0] !== 0 } })],
  16: [1, (bytes) => ({ userSwitch1Alarm: { value: bytes[0] !== 0 } })],
  17: [2, (bytes) => ({ doorCount: { value: unsigned(bytes) } })],
  18: [1, (bytes) => ({ presence: { value: bytes[0] !== 0 } })],
  19: [2, (bytes) => ({ IRproximity: { value: unsigned(bytes) } })],
  20: [2, (bytes) => ({ IRcloseproximity: { value: unsigned(bytes) } })],
  21: [1, (bytes) => ({ closeProximityAlarm: { value: bytes[0] !== 0 } })],
  22: [1, (bytes) => ({ disinfectAlarm: { value: bytes[0] } })],
  80: [3, (bytes) => ({ humidity: { value: bytes[0] / 2 }, temperature: { value: signed(bytes.slice(1)) / 10 } })],
  81: [3, (bytes) => ({ humidity: { value: bytes[0] / 2 }, averageTemperature: { value: signed(bytes.slice(1)) / 10 } })],
  82: [3, (bytes) => ({ door: { value: bytes[0] !== 0 }, temperature: { value: signed(bytes.slice(1)) / 10 } })],
  110: [8, () => ({})],
  112: [2, (bytes) => ({ capacitanceFlood: { value: unsigned(bytes) } })],
  113: [2, (bytes) => ({ capacitancePad: { value: unsigned(bytes) } })],
  114: [2, (bytes) => ({ capacitanceEnd: { value: unsigned(bytes) } })],
};

function decodeUplink(input) {
  const { bytes, fPort } = input;
  if (fPort === 2) {
    return { data: {} };
  }
  if (fPort !== 1) {
    return { errors: [`no message has port ${fPort}`] };
  }
  if (bytes.length < 2) {
    return { errors: [`a message has at least 2 bytes, not ${bytes.length}`] };
  }
  const data = {};
  let index = 2;
  while (index < bytes.length) {
    const type = bytes[index] & 0x7f;
    const known = TYPES[type];
    if (known === undefined) {
      return unfinished(data, `type ${type} is not known here; the rest was left`);
    }
    const [length, read] = known;
    const value = bytes.slice(index + 1, index + 1 + length);
    if (value.length < length) {
      return unfinished(data, `the message ends within type ${type}`);
    }
    Object.assign(data, read(value));
    index += 1 + length;
  }
  return { data };
}

// What stood whole before still counts: an alarm may be in it.
function unfinished(data, words) {
  return Object.keys(data).length > 0 ? { data, warnings: [words] } : { errors: [words] };
}

function limits(byte) {
  return { highAlarm: (byte & 1) !== 0, lowAlarm: (byte & 2) !== 0 };
}

function unsigned(bytes) {
  return bytes[0] * 256 + bytes[1];
}

function signed(bytes) {
  const value = unsigned(bytes);
  return value >= 0x8000 ? value - 0x10000 : value;
}
