// Dragino LWL03A, WL03A-LB and LWL04, leak cables: big endian.
// Format: their user manuals, "Payload".
function decodeUplink(input) {
  const bytes = input.bytes;
  if (input.fPort === 3) {
    return { data: { DATALOG: bytes.length / 11 } }; // stored reports that somebody asked for: old news
  }
  if (input.fPort === 4) {
    return { data: {} }; // settings
  }
  if (input.fPort === 5) {
    return bytes.length >= 7 ? { data: { BAT: (bytes[5] * 256 + bytes[6]) / 1000 } } : { errors: ["cut"] };
  }
  const isReport = input.fPort === 2 && bytes.length === 11;
  if (!isReport) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort}; a report has 11, on fPort 2`] };
  }
  return {
    data: {
      WATER_LEAK_STATUS: bytes[0] & 1 ? "LEAK" : "NO LEAK",
      ALARM: bytes[0] & 2 ? "TRUE" : "FALSE", // wet for longer than was set
    },
  };
}
