// Axioma Qalcosonic W1 water meter, enhanced 24 h payload on port 100: a logged volume and what was added in each of
// the 23 hours since, 14 bits an hour. Facts from Axioma's payload document.

const HOURS = 23;

function decodeUplink(input) {
  const { bytes, fPort } = input;
  if (fPort !== 100) {
    return { errors: [`no message has port ${fPort}`] };
  }
  if (bytes.length !== 51 || bytes[0] !== 1) {
    return { errors: [`expected an enhanced message of 51 bytes, version 1, not ${bytes.length} bytes`] };
  }
  const status = bytes[5];
  if (bits(bytes, 10, HOURS * 14, 6) !== 0) {
    return { data: flags(status), warnings: ["its hourly volumes have a multiplier that is not known here"] };
  }
  let litres = bits(bytes, 6, 0, 32);
  for (let hour = 0; hour < HOURS; hour += 1) {
    litres += bits(bytes, 10, hour * 14, 14);
  }
  return { data: { ...flags(status), current_volume_m3: litres / 1000 } };
}

function flags(status) {
  return {
    low_battery: (status & 0x04) !== 0,
    permanent_error: (status & 0x08) !== 0,
    temporary_error: (status & 0x10) !== 0,
    pipe_empty: (status & 0xf0) === 0x10,
    backflow: (status & 0x60) === 0x60,
    burst: (status & 0xa0) === 0xa0,
    leakage: (status & 0xe0) === 0x20,
    low_temperature: (status & 0xa0) === 0x80,
  };
}

// The number in ``length`` bits from bit ``start`` behind byte ``first``, lowest bit first.
function bits(bytes, first, start, length) {
  let value = 0;
  for (let index = first + ((start + length - 1) >> 3); index >= first + (start >> 3); index -= 1) {
    value = value * 256 + bytes[index];
  }
  return Math.floor(value / 2 ** (start & 7)) % 2 ** length;
}
