// MClimate T-Valve: two bytes with temperatures and the valve, or five with all of its state; what is longer answers
// commands. Facts from MClimate's communication protocol.

const REASONS = ["keepalive", "testButtonPressed", "floodDetected", "controlButtonPressed", "fraudDetected"];

function decodeUplink(input) {
  const { bytes } = input;
  if (bytes.length < 2) {
    return { errors: [`a message has at least 2 bytes, not ${bytes.length}`] };
  }
  if (bytes.length === 2) {
    return {
      data: {
        reason: "keepalive",
        waterTemp: bytes[0] / 2,
        valveState: (bytes[1] & 0x80) !== 0,
        ambientTemp: ((bytes[1] & 0x7f) - 20) / 2,
      },
    };
  }
  if (bytes.length !== 5) {
    return { data: {} };
  }
  return {
    data: {
      reason: REASONS[bytes[0] >> 5] ?? "unknown",
      boxTamper: (bytes[0] & 0x08) !== 0,
      floodDetectionWireState: (bytes[0] & 0x04) !== 0,
      flood: (bytes[0] & 0x02) !== 0,
      magnet: (bytes[0] & 0x01) !== 0,
      alarmValidated: (bytes[1] & 0x80) !== 0,
      battery: (bytes[4] * 8 + 1600) / 1000,
    },
  };
}
