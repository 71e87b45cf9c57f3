// Dragino LDS03A and DS03A-LB, door contacts; with a second contact seven bytes longer.
// Big endian. Format: their user manuals, "Payload".
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
  const isReport = input.fPort === 2 && (bytes.length === 11 || bytes.length === 18);
  if (!isReport) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort}; a report has 11 or 18, on fPort 2`] };
  }
  if (bytes.length === 11) {
    return { data: { DOOR_OPEN_STATUS: door(bytes[0]), ALARM: openTooLong(bytes[0]) } };
  }
  return {
    data: {
      DOOR1_OPEN_STATUS: door(bytes[0]),
      ALARM1: openTooLong(bytes[0]),
      DOOR2_OPEN_STATUS: door(bytes[11]),
      ALARM2: openTooLong(bytes[11]),
    },
  };
}

function door(flags) {
  return flags & 1 ? "OPEN" : "CLOSE";
}

function openTooLong(flags) {
  return flags & 2 ? "TRUE" : "FALSE";
}
