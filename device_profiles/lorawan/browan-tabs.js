// Browan TABS sensors: every model has a port of its own and shares the first three bytes.
// Facts from the reference manuals of TBDW100, TBMS100, TBHH100, TBAM100, TBSL100, TBWL100, TBPB100 and TBHV110.

const CONFIGURATION = 204;
const VERSIONS = 222;

const BODIES = {
  100: { least: 8, read: (bytes) => ({ time: little(bytes, 3, 2), count: little(bytes, 5, 3) }) },
  102: { least: 8, read: (bytes) => ({ time: little(bytes, 3, 2), count: little(bytes, 5, 3) }) },
  103: { least: 4, read: climate },
  104: { least: 6, read: (bytes) => ({ lux: little(bytes, 3, 3) / 100 }) },
  105: { least: 4, read: (bytes) => ({ decibel: bytes[3] }) },
  106: { least: 5, read: (bytes) => ({ humidity: humidity(bytes[3]), temperature: celsius(bytes[4]) }) },
  147: { least: 3, read: () => ({}) },
};

function decodeUplink(input) {
  const { bytes, fPort } = input;
  if (fPort === CONFIGURATION || fPort === VERSIONS) {
    return { data: {} };
  }
  const body = BODIES[fPort];
  if (body === undefined) {
    return { errors: [`no message has port ${fPort}`] };
  }
  if (bytes.length < body.least) {
    return { errors: [`a message of port ${fPort} has at least ${body.least} bytes, not ${bytes.length}`] };
  }
  if (bytes.every((byte) => byte === 0)) {
    return { data: {} };
  }
  const data = { status: bytes[0] & 0x01, battery: (25 + (bytes[1] & 0x0f)) / 10 };
  if (fPort !== 103) {
    data.temperatureBoard = celsius(bytes[2]);
  }
  return { data: { ...data, ...body.read(bytes) } };
}

// The plain climate sensor measures in byte 2; the air quality model appends its own temperature and the board's is there.
function climate(bytes) {
  if (bytes.length < 11) {
    return { temperature: celsius(bytes[2]), humidity: humidity(bytes[3]) };
  }
  return {
    temperatureBoard: celsius(bytes[2]),
    humidity: humidity(bytes[3]),
    eco2: measured(little(bytes, 4, 2)),
    voc: measured(little(bytes, 6, 2)),
    iaq: measured(little(bytes, 8, 2)),
    temperature: celsius(bytes[10]),
  };
}

function celsius(byte) {
  return (byte & 0x7f) - 32;
}

// 127 says that the sensor failed.
function humidity(byte) {
  const percent = byte & 0x7f;
  return percent === 127 ? null : percent;
}

function measured(value) {
  return value === 0xffff ? null : value;
}

function little(bytes, start, length) {
  let value = 0;
  for (let index = start + length - 1; index >= start; index -= 1) {
    value = value * 256 + bytes[index];
  }
  return value;
}
