// MClimate Open/Close Sensor: eight bytes that begin with the reason (keep-alive, reed switch, its push button), alone
// or behind the answers to commands. Facts from MClimate's communication protocol.

const EVENTS = { 0x01: "keepalive", 0x20: "reed switch", 0x21: "push button" };

function decodeUplink(input) {
  const bytes = input.bytes.slice(-8);
  const event = EVENTS[bytes[0]];
  if (bytes.length < 8 || event === undefined) {
    return { errors: ["expected 8 bytes that begin with 0x01, 0x20 or 0x21, at the end of the message"] };
  }
  const data = {
    event,
    batteryVoltage: Math.round(bytes[1] * 0.8 + 160) / 100,
    thermistorProperlyConnected: (bytes[2] & 0x04) === 0,
    counter: bytes[4] * 65536 + bytes[5] * 256 + bytes[6],
    status: bytes[7] & 0x01,
  };
  if (data.thermistorProperlyConnected) {
    const size = ((bytes[2] & 0x03) * 256 + bytes[3]) / 10;
    data.temperature = (bytes[2] & 0x08) === 0 ? size : -size;
  }
  return { data };
}
