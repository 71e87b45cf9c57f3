// Browan MerryIoT sensors: door DW10 (port 120), motion MS10 (122), leak WL10 (126), air quality CD10 (127).
// Old firmware sends the temperature in one byte of whole degrees, new firmware in two bytes of tenths.
// Facts from the reference manuals.

const BODIES = {
  120: { name: "door", tail: 5, read: door },
  122: { name: "motion", tail: 5, read: motion },
  126: { name: "leak", tail: 0, read: leak },
  127: { name: "air quality", tail: 2, read: air },
};

function decodeUplink(input) {
  const { bytes, fPort } = input;
  if (fPort === 204 || fPort === 222) {
    return { data: {} };
  }
  const body = BODIES[fPort];
  if (body === undefined) {
    return { errors: [`no message has port ${fPort}`] };
  }
  const fine = bytes.length === 5 + body.tail;
  if (!fine && bytes.length !== 4 + body.tail) {
    return { errors: [`a ${body.name} message has ${4 + body.tail} or ${5 + body.tail} bytes, not ${bytes.length}`] };
  }
  const tail = bytes.slice(fine ? 5 : 4);
  return {
    data: {
      battery_volt: (21 + (bytes[1] & 0x0f)) / 10,
      temperature: fine ? signed(little(bytes, 2, 2), 16) / 10 : signed(bytes[2], 8),
      humidity: fine ? bytes[4] : bytes[3],
      ...body.read(bytes[0], tail),
    },
  };
}

function door(flags, tail) {
  return {
    open: flags & 1,
    button: (flags >> 1) & 1,
    tamper: (flags >> 2) & 1,
    tilt: (flags >> 3) & 1,
    time: little(tail, 0, 2),
    count: little(tail, 2, 3),
  };
}

function motion(flags, tail) {
  return {
    occupied: flags & 1,
    button: (flags >> 1) & 1,
    tamper: (flags >> 2) & 1,
    time: little(tail, 0, 2),
    count: little(tail, 2, 3),
  };
}

function leak(flags) {
  return { leak: flags & 1, button: (flags >> 1) & 1, tamper: (flags >> 2) & 1 };
}

function air(flags, tail) {
  return {
    trigger: flags & 1,
    button: (flags >> 1) & 1,
    co2threshold: (flags >> 4) & 1,
    co2calibration: (flags >> 5) & 1,
    co2_ppm: little(tail, 0, 2),
  };
}

function signed(value, bits) {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

function little(bytes, start, length) {
  let value = 0;
  for (let index = start + length - 1; index >= start; index -= 1) {
    value = value * 256 + bytes[index];
  }
  return value;
}
