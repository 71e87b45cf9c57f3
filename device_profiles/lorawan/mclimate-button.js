// MClimate Multipurpose Button: a keep-alive of five bytes, alone or behind the answers to commands; its last byte is
// the number of presses, 0 where nobody pressed. Facts from MClimate's communication protocol.

function decodeUplink(input) {
  const bytes = input.bytes.slice(-5);
  if (bytes.length < 5 || bytes[0] !== 0x01) {
    return { errors: ["expected a keep-alive of 5 bytes that begins with 1, at the end of the message"] };
  }
  const data = {
    batteryVoltage: Math.round(bytes[1] * 0.08 + 16) / 10,
    thermistorProperlyConnected: (bytes[2] & 0x04) === 0,
    pressEvent: bytes[4],
  };
  if (data.thermistorProperlyConnected) {
    data.sensorTemperature = ((bytes[2] & 0x03) * 256 + bytes[3]) / 10;
  }
  return { data };
}
