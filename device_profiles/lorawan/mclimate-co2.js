// MClimate CO2 Sensor and Notifier: a keep-alive of seven bytes, alone or behind the answers to commands.
// Facts from MClimate's communication protocol.

function decodeUplink(input) {
  const bytes = input.bytes.slice(-7);
  if (bytes.length < 7 || bytes[0] !== 0x01) {
    return { errors: ["expected a keep-alive of 7 bytes that begins with 1, at the end of the message"] };
  }
  return {
    data: {
      CO2: bytes[1] * 256 + bytes[2],
      sensorTemperature: (bytes[3] * 256 + bytes[4] - 400) / 10,
      relativeHumidity: Math.round((bytes[5] * 10000) / 256) / 100,
      batteryVoltage: Math.round(bytes[6] * 0.8 + 160) / 100,
    },
  };
}
