// Yobiiq SD-1001 smoke detector: register, 0, value, one after the other; what begins with 0xFF describes the device;
// one single byte answers a command. Facts from the Yobiiq payload document.

const REGISTERS = {
  1: ["batteryLevelInPercentage", null],
  2: ["powerEvent", ["AC Power Off", "AC Power On"]],
  3: ["lowBatteryAlarm", ["Normal", "Alarm"]],
  4: ["faultAlarm", ["Normal", "Alarm"]],
  5: ["smokeAlarm", ["Normal", "Alarm"]],
  6: ["interconnectAlarm", ["Normal", "Alarm"]],
  7: ["testButtonPressed", ["Normal", "Pushed"]],
};
const DESCRIPTION = { 0x09: 2, 0x0a: 2, 0x0b: 1, 0x0f: 1, 0x16: 5 };
const POWER_EVENT = 0x0b;

function decodeUplink(input) {
  const { bytes, fPort } = input;
  if (bytes.length === 1) {
    return { data: {} };
  }
  return fPort === 50 || bytes[0] === 0xff ? description(bytes) : registers(bytes);
}

function registers(bytes) {
  const data = {};
  for (let index = 0; index < bytes.length; index += 3) {
    const known = REGISTERS[bytes[index]];
    if (known === undefined) {
      return unfinished(data, `register ${bytes[index]} is not known here; the rest was left`);
    }
    const [name, words] = known;
    const value = bytes[index + 2];
    if (value === undefined) {
      return unfinished(data, `the message ends within ${name}`);
    }
    data[name] = words === null ? value : words[value];
  }
  return { data };
}

// What stood whole before still counts: an alarm may be in it.
function unfinished(data, words) {
  return Object.keys(data).length > 0 ? { data, warnings: [words] } : { errors: [words] };
}

function description(bytes) {
  const data = {};
  let index = 0;
  while (index < bytes.length) {
    const type = bytes[index + 1];
    const length = DESCRIPTION[type];
    if (bytes[index] !== 0xff || length === undefined) {
      return { data, warnings: [`description ${type} is not known here; the rest was left`] };
    }
    if (type === POWER_EVENT && index + 2 < bytes.length) {
      data.powerEvent = bytes[index + 2] === 1 ? "AC Power On" : "AC Power Off";
    }
    index += 2 + length;
  }
  return { data };
}
