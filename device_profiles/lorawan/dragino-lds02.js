// Dragino LDS01, LDS02 (door) and LWL01, LWL02 (leak): ten bytes, big endian. Format: their user manuals, "Payload".
function decodeUplink(input) {
  const bytes = input.bytes;
  if (input.fPort === 7) {
    // counting mode: battery and how often it opened
    return bytes.length >= 2 ? { data: { BAT_V: volts(bytes) } } : { errors: ["cut"] };
  }
  if (input.fPort !== 10 || bytes.length !== 10) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort}; a report has 10, on fPort 10`] };
  }
  const mode = bytes[2];
  const data = { BAT_V: volts(bytes), MOD: mode };
  if (mode === 1 || mode === 3) {
    data.DOOR_OPEN_STATUS = bytes[0] & 0x80 ? 1 : 0;
    data.ALARM = bytes[9] & 1; // open for longer than was set
  }
  if (mode === 2 || mode === 3) {
    data.WATER_LEAK_STATUS = bytes[0] & 0x40 ? 1 : 0;
  }
  return { data };
}

function volts(bytes) {
  return ((bytes[0] & 0x3f) * 256 + bytes[1]) / 1000;
}
