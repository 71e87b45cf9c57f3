// MClimate PIR Mini: a keep-alive of ten bytes, alone or behind an event or the answers to commands.
// Facts from MClimate's communication protocol.

const LARGEST_LUX = 0xfffa;

function decodeUplink(input) {
  const bytes = input.bytes.slice(-10);
  if (bytes.length < 10 || bytes[0] !== 0x01) {
    return { errors: ["expected a keep-alive of 10 bytes that begins with 1, at the end of the message"] };
  }
  const lux = bytes[4] * 256 + bytes[5];
  const data = {
    sensorTemperature: ((bytes[1] & 0x03) * 256 + bytes[2] - 400) / 10,
    relativeHumidity: Math.round((bytes[3] * 10000) / 256) / 100,
    batteryVoltage: Math.round((bytes[6] * 220) / 255 + 160) / 100,
    occupied: (bytes[7] & 0x01) !== 0,
    pirTriggerCount: bytes[8] * 256 + bytes[9],
  };
  if (lux <= LARGEST_LUX) {
    data.lux = lux;
  }
  return { data };
}
