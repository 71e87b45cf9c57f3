// Milesight GS524N, smoke alarm: six bytes, the last a checksum that the network's own makes needless.
// Format: GS524N user guide, "Uplink Data".
const EVENTS = {
  0x1: "alarm",
  0x2: "silent",
  0x4: "low battery",
  0x5: "failover",
  0x7: "normal",
  0xa: "removed",
  0xb: "installed",
  0xe: "testing alarm with normal battery",
  0xf: "testing alarm with low battery",
};

function decodeUplink(input) {
  const bytes = Array.from(input.bytes);
  if (bytes.length !== 6) {
    return { errors: [`${bytes.length} bytes; a report has 6`] };
  }
  const [versions, kind, battery, concentration, temperature] = bytes;
  return {
    data: {
      version: versions >> 4,
      protocol: versions & 0x0f,
      type: kind >> 4 === 1 ? "smoke sensor" : "unknown",
      event: EVENTS[kind & 0x0f],
      battery,
      concentration, // percent
      temperature: temperature > 0x7f ? temperature - 0x100 : temperature,
    },
  };
}
