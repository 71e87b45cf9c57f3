// MClimate HT Sensor: a keep-alive of seven bytes, alone or behind the answers to commands; old firmware sends five,
// without the outer thermistor. Facts from MClimate's communication protocol.

const KEEP_ALIVE = 0x01;

function decodeUplink(input) {
  const bytes = input.bytes.length === 5 ? input.bytes : input.bytes.slice(-7);
  if (bytes.length < 5 || bytes.length === 6 || bytes[0] !== KEEP_ALIVE) {
    return { errors: ["expected a keep-alive of 7 or 5 bytes that begins with 1, at the end of the message"] };
  }
  const data = {
    sensorTemperature: (bytes[1] * 256 + bytes[2] - 400) / 10,
    relativeHumidity: Math.round((bytes[3] * 10000) / 256) / 100,
    batteryVoltage: Math.round(16 + bytes[4] * 0.08) / 10,
  };
  if (bytes.length === 7) {
    data.thermistorProperlyConnected = (bytes[5] & 0x04) === 0;
    if (data.thermistorProperlyConnected) {
      data.extThermistorTemperature = ((bytes[5] & 0x03) * 256 + bytes[6]) / 10;
    }
  }
  return { data };
}
