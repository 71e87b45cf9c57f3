// Seeed SenseCAP T1000 tracker with an alarm button: one or more packets a message on port 5, each with its id, of which
// positions, Wi-Fi and Bluetooth scans are left out. Facts from the T1000 payload document.

// By packet id: length, and where events (the last of their three bytes), temperature and battery stand; 0: nowhere.
const PACKETS = {
  0x01: [47, 0, 0, 1],
  0x02: [16, 0, 0, 1],
  0x03: [32, 0, 0, 0],
  0x04: [10, 0, 0, 0],
  0x05: [5, 0, 0, 1],
  0x06: [22, 3, 17, 21],
  0x07: [42, 3, 37, 41],
  0x08: [35, 3, 30, 34],
  0x09: [18, 3, 0, 17],
  0x0a: [38, 3, 0, 37],
  0x0b: [31, 3, 0, 30],
  0x0d: [5, 0, 0, 0],
  0x0f: [17, 3, 9, 13],
  0x10: [13, 3, 0, 9],
  0x11: [14, 4, 9, 13],
  0x1a: [28, 3, 17, 27],
  0x1b: [48, 3, 37, 47],
  0x1c: [41, 3, 30, 40],
  0x1d: [20, 4, 9, 19],
};
const RAW_GNSS = 0x0e;
const NOT_MEASURED = -32768;
const POSITION_SOLVER = new Set([192, 199]);

function decodeUplink(input) {
  const { bytes, fPort } = input;
  if (POSITION_SOLVER.has(fPort)) {
    return { data: {} };
  }
  const data = {};
  let start = 0;
  while (start < bytes.length) {
    if (bytes[start] === RAW_GNSS) {
      start += 5 + bytes[start + 4];
      continue;
    }
    const known = PACKETS[bytes[start]];
    if (known === undefined || start + known[0] > bytes.length) {
      const words = `packet ${bytes[start]} is not known here or cut short; the rest was left`;
      return start > 0 ? { data, warnings: [words] } : { errors: [words] };
    }
    const packet = bytes.slice(start, start + known[0]);
    Object.assign(data, read(packet, known, data));
    start += known[0];
  }
  return { data };
}

function read(packet, [, events, temperature, battery], before) {
  const fields = {};
  if (battery > 0) {
    fields.battery = packet[battery];
  }
  if (temperature > 0 && signed(packet, temperature) !== NOT_MEASURED) {
    fields.temperature = signed(packet, temperature) / 10;
  }
  if (events > 0) {
    fields.sos = before.sos === true || (packet[events] & 0x40) !== 0;
    fields.pressed = before.pressed === true || (packet[events] & 0x80) !== 0;
    fields.shock = before.shock === true || (packet[events] & 0x08) !== 0;
  }
  return fields;
}

function signed(bytes, start) {
  const value = bytes[start] * 256 + bytes[start + 1];
  return value >= 0x8000 ? value - 0x10000 : value;
}
