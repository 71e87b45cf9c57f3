// MClimate Flood Sensor: reason and state, battery, and (not in old firmware) the temperature, alone or behind the
// answers to commands. Facts from MClimate's communication protocol.

const REASONS = ["keepalive", "testButtonPressed", "floodDetected", "fraudDetected", "fraudDetected"];

function decodeUplink(input) {
  const bytes = input.bytes.slice(-3);
  if (bytes.length < 2) {
    return { errors: [`a message has at least 2 bytes, not ${bytes.length}`] };
  }
  const data = {
    reason: REASONS[bytes[0] >> 5] ?? "unknown",
    boxTamper: (bytes[0] & 0x08) !== 0,
    flood: (bytes[0] & 0x02) !== 0,
    battery: (bytes[1] * 16) / 1000,
  };
  if (bytes.length === 3) {
    data.temperature = bytes[2] < 0x80 ? bytes[2] : -(bytes[2] & 0x7f);
  }
  return { data };
}
