// Dragino LHT52: inside temperature and humidity, external probe; big endian. Format: LHT52 user manual, "Payload".
function decodeUplink(input) {
  const bytes = input.bytes;
  if (input.fPort === 5) {
    return bytes.length >= 7 ? { data: { Bat_mV: bytes[5] * 256 + bytes[6] } } : { errors: ["cut"] };
  }
  if (input.fPort === 3 || input.fPort === 4) {
    return { data: {} }; // stored reports, the serial number of a probe
  }
  if (input.fPort !== 2 || bytes.length !== 11) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort}; a report has 11, on fPort 2`] };
  }
  const data = {};
  put(data, "TempC_SHT", signed(bytes, 0) / 100);
  put(data, "Hum_SHT", signed(bytes, 2) / 10);
  put(data, "TempC_DS", signed(bytes, 4) / 100);
  return { data };
}

/** An unplugged probe says 327.67. */
function put(data, name, value) {
  if (value < 327) data[name] = value;
}

function signed(bytes, at) {
  const value = bytes[at] * 256 + bytes[at + 1];
  return value > 0x7fff ? value - 0x10000 : value;
}
