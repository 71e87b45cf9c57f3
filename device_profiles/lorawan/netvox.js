// Netvox sensors of the R3, R6, R7, RA and RB series: reports on port 6, answers to commands on ports 7 and 13.
// A report is version, device code, report type and eight bytes; the device code says what they are. Type 0 is the
// version report of a start. Facts from Netvox's application command document.

const DEVICES = {
  0x01: ["R711", climate],
  0x02: ["R311A", (bytes) => ({ OnOff: bytes[4] })],
  0x03: ["RB11E", presence],
  0x06: ["R311W", (bytes) => ({ WaterLeak_1: leak(bytes[4]), WaterLeak_2: leak(bytes[5]) })],
  0x0a: ["RA02A", smoke],
  0x0b: ["R718A", climate],
  0x10: ["RB02I", (bytes) => ({ Alarm: bytes[4] })],
  0x11: ["RA02C", (bytes) => ({ COAlarm: alarm(bytes[4]), HighTempAlarm: alarm(bytes[5]) })],
  0x12: ["R718WB", (bytes) => ({ WaterLeak: leak(bytes[4]) })],
  0x13: ["R718AB", climate],
  0x1a: ["R718DA", status],
  0x1b: ["R718DB", status],
  0x1d: ["R718F", (bytes) => ({ OnOff: bytes[4] })],
  0x21: ["R718J", status],
  0x25: ["R718LB", status],
  0x27: ["R718MBA", status],
  0x31: ["R718T", (bytes) => ({ Alarm: bytes[4] })],
  0x32: ["R718WA", (bytes) => ({ WaterLeak: leak(bytes[4]) })],
  0x49: ["R718N1", current],
  0x4a: ["R718N3", currents],
  0x4d: ["R312A", (bytes) => ({ Alarm: bytes[4] })],
  0x4f: ["R311FA", status],
  0x55: ["R312", (bytes) => ({ Doorbell: bytes[4] })],
  0x5a: ["R311WA", (bytes) => ({ Status_1: onOff(bytes[4]), Status_2: onOff(bytes[5]) })],
  0x69: ["R602A", (bytes) => ({ HeartBeatTime: big(bytes, 3), WarningStatus: warning(bytes[5]) })],
  0x6e: ["R720A", climate],
  0x7d: ["R730F", (bytes) => ({ OnOff: bytes[4] })],
  0x82: ["R730MBA", status],
  0x89: ["R730DA", status],
  0x8b: ["R730DB", status],
  0x8d: ["R730LB", status],
  0xa6: ["RB02B", (bytes) => ({ Key_1: bytes[4], Key_2: bytes[5] })],
  0xa7: ["RB02C", (bytes) => ({ Key_1: bytes[4], Key_2: bytes[5], Key_3: bytes[6] })],
  0xa8: ["R311DA", status],
  0xa9: ["R311DB", status],
  0xd2: ["R315", several],
  0xd7: ["RA02G", incense],
  0xde: ["R603", (bytes) => ({ WarningStatus: warning(bytes[4]), DCPowerFailureAlarm: warning(bytes[6]) })],
};

const BATTERY_ELSEWHERE = new Set([0x69, 0xd2]);

// Of the R315 series: which bit of the functions tells that a sensor is there, and which bit what it says.
const SENSORS = [
  { name: "pir", enabled: 2, bit: 0 },
  { name: "emergency_button", enabled: 3, bit: 1 },
  { name: "tilt", enabled: 4, bit: 2 },
  { name: "internal_contact", enabled: 5, bit: 3 },
  { name: "external_contact", enabled: 6, bit: 4 },
  { name: "internal_shock", enabled: 7, bit: 5 },
  { name: "external_shock", enabled: 8, bit: 6 },
  { name: "dry_contact", enabled: 9, bit: 7 },
  { name: "water_leak", enabled: 11, bit: 8 },
  { name: "seat", enabled: 12, bit: 9 },
  { name: "glass", enabled: 13, bit: 10 },
];

function decodeUplink(input) {
  const { bytes, fPort } = input;
  if (fPort === 7 || fPort === 13) {
    return { data: {} };
  }
  if (fPort !== 6) {
    return { errors: [`no message has port ${fPort}`] };
  }
  if (bytes.length < 11) {
    return { errors: [`a report has 11 bytes, not ${bytes.length}`] };
  }
  const known = DEVICES[bytes[1]];
  if (known === undefined) {
    return { errors: [`device code ${bytes[1]} is not known here`] };
  }
  const [name, read] = known;
  if (bytes[2] === 0) {
    return { data: { Device: name } };
  }
  const battery = BATTERY_ELSEWHERE.has(bytes[1]) ? {} : { Volt: (bytes[3] & 0x7f) / 10, LowBattery: bytes[3] >= 0x80 };
  return { data: { Device: name, ...battery, ...read(bytes) } };
}

function climate(bytes) {
  return { Temp: signed(big(bytes, 4)) / 100, Humi: big(bytes, 6) / 100 };
}

function presence(bytes) {
  return {
    Temp: signed(big(bytes, 4)) / 100,
    Illuminance: big(bytes, 6),
    Occupy: bytes[8],
    DisassembledAlarm: bytes[9],
  };
}

function smoke(bytes) {
  return { FireAlarm: alarm(bytes[4]), HighTempAlarm: alarm(bytes[5]), Temp: signed(big(bytes, 6)) / 10 };
}

// The names of the last two are not the published codec's: that one reads them from the wrong bytes.
function incense(bytes) {
  return {
    IncenseSmokeAlarm: alarm(bytes[4]),
    HighSoundAlarm: alarm(bytes[5]),
    ShockTamper: alarm(bytes[6]),
    PowerOff: alarm(bytes[7]),
  };
}

// The published codec writes its bits as text without leading zeros: own names, so that the bytes are read instead.
function several(bytes) {
  const fields = { voltage: (bytes[3] & 0x7f) / 10, battery_low: bytes[3] >= 0x80 };
  if (bytes[2] === 2) {
    return { ...fields, illuminance: big(bytes, 4) };
  }
  const functions = big(bytes, 4);
  const states = big(bytes, 6);
  for (const { name, enabled, bit } of SENSORS) {
    if (((functions >> enabled) & 1) === 1) {
      fields[name] = (states >> bit) & 1;
    }
  }
  if ((functions & 1) === 1 && big(bytes, 8) !== 0xffff) {
    fields.temperature = signed(big(bytes, 8)) / 100;
    fields.humidity = bytes[10] / 2;
  }
  return fields;
}

function status(bytes) {
  return { status: bytes[4] };
}

function current(bytes) {
  return { Milliamperes: big(bytes, 4) * bytes[6] };
}

// The multipliers of loops 2 and 3 come in a report of their own: only loop 1 is certain in one message.
function currents(bytes) {
  return bytes[2] === 1 ? { Milliamperes: big(bytes, 4) * bytes[10] } : {};
}

function alarm(byte) {
  return byte === 0 ? "No Alarm" : "Alarm";
}

function leak(byte) {
  return byte === 0 ? "NoLeak" : "Leak";
}

function warning(byte) {
  return byte === 0 ? "No warning" : "Warning";
}

function onOff(byte) {
  return byte === 0 ? "OFF" : "ON";
}

function big(bytes, start) {
  return bytes[start] * 256 + bytes[start + 1];
}

function signed(value) {
  return value >= 0x8000 ? value - 0x10000 : value;
}
