// Tektelic Smart Room and Home Sensors: channel, type and value, one after the other, on port 10; settings on port 100.
// Facts from Tektelic's technical reference manual.

const FIELDS = {
  "0 255": [2, (bytes) => ({ battery_voltage: signed(bytes) / 100 })],
  "1 0": [1, (bytes) => ({ reed_state: bytes[0] })],
  "2 0": [1, (bytes) => ({ light_detected: bytes[0] })],
  "3 103": [2, (bytes) => ({ ambient_temperature: signed(bytes) / 10 })],
  "4 104": [1, (bytes) => ({ relative_humidity: bytes[0] / 2 })],
  "5 2": [2, () => ({})],
  "6 0": [1, (bytes) => ({ break_in: bytes[0] })],
  "7 113": [6, () => ({})],
  "8 4": [2, (bytes) => ({ reed_count: bytes[0] * 256 + bytes[1] })],
  "9 0": [1, (bytes) => ({ moisture: bytes[0] })],
  "10 0": [1, (bytes) => ({ motion_event_state: bytes[0] })],
  "11 103": [2, (bytes) => ({ mcu_temperature: signed(bytes) / 10 })],
  "12 0": [1, (bytes) => ({ impact_alarm: bytes[0] })],
  "13 4": [2, (bytes) => ({ motion_event_count: bytes[0] * 256 + bytes[1] })],
  "14 0": [1, (bytes) => ({ extconnector_state: bytes[0] })],
  "15 4": [2, () => ({})],
  "16 2": [1, (bytes) => ({ light_intensity: bytes[0] })],
  "17 2": [2, () => ({})],
};

function decodeUplink(input) {
  const { bytes, fPort } = input;
  if (fPort !== 10) {
    return fPort === 100 ? { data: {} } : { errors: [`no message has port ${fPort}`] };
  }
  const data = {};
  let index = 0;
  while (index < bytes.length) {
    const name = `${bytes[index]} ${bytes[index + 1]}`;
    const known = FIELDS[name];
    if (known === undefined) {
      return unfinished(data, `channel and type ${name} are not known here; the rest was left`);
    }
    const [length, read] = known;
    const value = bytes.slice(index + 2, index + 2 + length);
    if (value.length < length) {
      return unfinished(data, `the message ends within channel and type ${name}`);
    }
    Object.assign(data, read(value));
    index += 2 + length;
  }
  return { data };
}

// What stood whole before still counts: an alarm may be in it.
function unfinished(data, words) {
  return Object.keys(data).length > 0 ? { data, warnings: [words] } : { errors: [words] };
}

function signed(bytes) {
  const value = bytes[0] * 256 + bytes[1];
  return value >= 0x8000 ? value - 0x10000 : value;
}
