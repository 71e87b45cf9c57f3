// MClimate HT PIR Lite and CO2 PIR Lite: a keep-alive that begins with 0x81, of six bytes or, with carbon dioxide,
// eight, alone or behind the answers to commands. Facts from MClimate's communication protocol.

const KEEP_ALIVE = 0x81;

function decodeUplink(input) {
  const { bytes } = input;
  const length = bytes[bytes.length - 8] === KEEP_ALIVE ? 8 : 6;
  const last = bytes.slice(-length);
  if (last.length < length || last[0] !== KEEP_ALIVE) {
    return { errors: ["expected a keep-alive of 6 or 8 bytes that begins with 0x81, at the end of the message"] };
  }
  const data = {
    occupied: (last[1] & 0x04) !== 0,
    sensorTemperature: ((last[1] & 0x03) * 256 + last[2] - 400) / 10,
    relativeHumidity: Math.round((last[3] * 10000) / 256) / 100,
    batteryVoltage: Math.round((last[4] * 220) / 255 + 160) / 100,
    pirTriggerCount: last[length - 1],
  };
  if (length === 8) {
    data.CO2 = (last[6] >> 3) * 256 + last[5];
  }
  return { data };
}
