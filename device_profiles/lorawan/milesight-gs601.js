// Milesight GS601, vape and air: a command byte, then its value, little endian. Format: GS601 user guide, "Uplink Data".
const ALARMS = {
  0x00: "collection error",
  0x01: "lower range error",
  0x02: "over range error",
  0x10: "alarm deactivation",
  0x11: "alarm trigger",
};
const VAPE_ALARMS = { ...ALARMS, 0x20: "interference alarm deactivation", 0x21: "interference alarm trigger" };
const HEAT_ALARMS = { ...ALARMS, 0x20: "burning alarm deactivation", 0x21: "burning alarm trigger" };
const TAMPER_ALARMS = { 0x20: "alarm deactivation", 0x21: "alarm trigger" };

/** Measured values: command, name, length, parts of a unit, words of the alarm in the next command. */
const MEASURED = [
  [0x01, "vaping_index", 1, 1, VAPE_ALARMS],
  [0x03, "pm1_0", 2, 1, ALARMS],
  [0x05, "pm2_5", 2, 1, ALARMS],
  [0x07, "pm10", 2, 1, ALARMS],
  [0x09, "temperature", 2, 10, HEAT_ALARMS],
  [0x0b, "humidity", 2, 10, ALARMS],
  [0x0d, "tvoc", 2, 1, ALARMS],
];

/** States: command, name, words. */
const STATES = [
  [0x0f, "tamper_status", ["normal", "triggered"]],
  [0x11, "buzzer", ["normal", "triggered"]],
  [0x12, "occupancy_status", ["vacant", "occupied"]],
  [0xc8, "device_status", ["off", "on"]],
];

/** Versions, raw data, settings and answers: passed over. Command to length. */
const PASSED_OVER = {
  0x2b: 4, 0x5e: 0, 0x5f: 0, 0x60: 3, 0x61: 1, 0x62: 1, 0x63: 1, 0x64: 6, 0x65: 1, 0x66: 2, 0x67: 1, 0x68: 1, 0x69: 6,
  0x6a: 6, 0x6b: 6, 0x6c: 6, 0x6d: 6, 0x6e: 4, 0x6f: 2, 0x70: 1, 0x71: 3, 0x72: 3, 0x73: 3, 0x74: 3, 0x75: 3, 0x76: 3,
  0x77: 2, 0xb6: 0, 0xb7: 4, 0xb8: 0, 0xb9: 0, 0xba: 8, 0xbb: 4, 0xbc: 0, 0xbd: 0, 0xbe: 0, 0xbf: 0, 0xc6: 10, 0xc7: 2,
  0xc9: 1, 0xcf: 2, 0xd8: 16, 0xd9: 2, 0xda: 8, 0xdb: 8, 0xdd: 32, 0xde: 32, 0xdf: 2, 0xee: 0, 0xfe: 1,
};

/** By command, a function that reads its value into the data and gives its length; undefined where it is cut. */
const COMMANDS = {};

for (const [command, length] of Object.entries(PASSED_OVER)) take(command, length, () => {});
for (let command = 0x20; command <= 0x2a; command++) take(command, 8, () => {});
for (const [command, name, words] of STATES) take(command, 1, (data, bytes) => (data[name] = words[bytes[0]]));
for (const [command, name, length, parts, words] of MEASURED) {
  take(command, length, (data, bytes) => measure(data, name, bytes, parts));
  COMMANDS[command + 1] = (data, rest) => alarm(data, name, rest, length, parts, words);
}
take(0x00, 1, (data, bytes) => (data.battery = bytes[0]));
take(0x10, 1, (data, bytes) => (data.tamper_status_alarm = { type: TAMPER_ALARMS[bytes[0]] }));
COMMANDS[0xef] = (data, rest) => value(data, rest, 1 + (rest[0] & 0x0f), () => {}); // an answer to a downlink

function decodeUplink(input) {
  const bytes = input.bytes;
  const data = {};
  const warnings = [];
  let at = 0;
  while (at < bytes.length) {
    const read = COMMANDS[bytes[at]];
    const length = read && read(data, bytes.slice(at + 1));
    if (length === undefined) {
      warnings.push(`command 0x${bytes[at].toString(16)} is unknown or cut`);
      break;
    }
    at += 1 + length;
  }
  return at > 0 ? { data, warnings } : { errors: ["nothing that is known", ...warnings] };
}

function take(command, length, put) {
  COMMANDS[command] = (data, rest) => value(data, rest, length, put);
}

function value(data, rest, length, put) {
  if (length > rest.length) return undefined;
  put(data, rest);
  return length;
}

/** A threshold alarm and its end bring the value; an error brings none. */
function alarm(data, name, rest, length, parts, words) {
  const code = rest[0];
  if (words[code] === undefined) return undefined;
  const valued = (code === 0x10 || code === 0x11) && name !== "humidity";
  return value(data, rest, valued ? 1 + length : 1, () => {
    data[name + "_alarm"] = { type: words[code] };
    if (code === 0x00) data[name + "_fault"] = true;
    if (valued) measure(data, name, rest.slice(1, 1 + length), parts);
  });
}

function measure(data, name, bytes, parts) {
  const wide = name !== "vaping_index";
  let number = wide ? bytes[0] + 256 * bytes[1] : bytes[0];
  if (name === "temperature" && number > 0x7fff) number -= 0x10000;
  data[name] = number / parts;
  data[name + "_fault"] = false;
}
