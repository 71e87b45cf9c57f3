// Dragino LGT-92 and TrackerD, trackers with an alarm button: big endian. What they are asked to see (satellites,
// beacons, access points) decides the fPort; battery and alarm stand in one word of each. Where the wearer is, is not
// read. Format: their user manuals, "Uplink Payload".
/** By fPort: where the word stands, and how long such a message is at least. */
const REPORTS = { 2: [8, 11], 3: [8, 11], 6: [24, 27], 7: [0, 3], 8: [7, 10], 9: [0, 3], 10: [35, 38] };

function decodeUplink(input) {
  const bytes = input.bytes;
  if (input.fPort === 4) {
    return { data: { DATALOG: true } }; // where it was while it had no network: old news
  }
  if (input.fPort === 5) {
    return bytes.length >= 7 ? { data: { BatV: word(bytes, 5) / 1000 } } : { errors: ["cut"] };
  }
  const [at, length] = REPORTS[input.fPort] || [0, Infinity];
  if (bytes.length < length) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort} are no report`] };
  }
  const data = { ALARM_status: bytes[at] & 0x40 ? "TRUE" : "FALSE", BatV: (word(bytes, at) & 0x3fff) / 1000 };
  if (input.fPort === 2 && bytes.length === 15) {
    // a TrackerD; an LGT-92 has its attitude there
    data.Hum = word(bytes, 11) / 10;
    data.Tem = signed(word(bytes, 13)) / 10;
  }
  return { data };
}

function signed(value) {
  return value > 0x7fff ? value - 0x10000 : value;
}

function word(bytes, at) {
  return bytes[at] * 256 + bytes[at + 1];
}
