// Nexelec smoke alarms Origin+, Origin, Guard+ and Guard: product, message type, then fields of odd bit widths.
// Configuration, the day's air and the temperature log are of the past or no reading, and give nothing.
// Facts from Nexelec's uplink frame document.

const PRODUCTS = new Set([0xb1, 0xb2, 0xb3, 0xb4]);
const STATUS = 0;
const SMOKE_ALARM = 2;
const REAL_TIME = 4;
const LEAST = { [STATUS]: 7, [SMOKE_ALARM]: 7, [REAL_TIME]: 5 };

const SENSOR = ["Smoke sensor ok", "Smoke sensor fault"];
const CLIMATE_SENSOR = ["T°/humidity sensor ok", "T°/humidity sensor fault"];
const ACTIVATION = ["Smoke sensor desactivate", "Smoke sensor activate"];
const BASE = [
  "Magnetic base not detected",
  "Magnetic base detected",
  "Product removed from its based just now",
  "Product installed on its base just now",
  "Magnetic base never detected",
];
const BATTERY = ["High", "Medium", "Low", "Critical"];
const ALARM = ["Smoke Alarm non-activated", "Local smoke Alarm activated", "Remote smoke Alarm activated"];
const HUSH = [
  "Smoke alarm stopped because no smoke anymore",
  "Smoke alarm stopped following central button press",
  "Smoke alarm stopped following a remote silence",
];
const TEST = ["Smoke test off", "Local smoke test was done", "Remote smoke test was done"];

function decodeUplink(input) {
  const { bytes } = input;
  const [product, type] = bytes;
  if (!PRODUCTS.has(product)) {
    return { errors: [`product ${product} is not known here`] };
  }
  const least = LEAST[type];
  if (least === undefined) {
    return { data: {} };
  }
  if (bytes.length < least) {
    return { errors: [`a message of type ${type} has at least ${least} bytes, not ${bytes.length}`] };
  }
  switch (type) {
    case STATUS:
      return {
        data: {
          smokeSensorStatus: SENSOR[bits(bytes, 40, 1)],
          tempHumSensorStatus: CLIMATE_SENSOR[bits(bytes, 41, 1)],
          smokeSensorActivation: ACTIVATION[bits(bytes, 42, 1)],
          antiTearDetectionStatus: BASE[bits(bytes, 43, 3)],
          batteryLevel: BATTERY[bits(bytes, 46, 2)],
          batteryVoltage: { value: bytes[6] * 5 + 2000, units: "mV" },
        },
      };
    case SMOKE_ALARM:
      return {
        data: {
          smokeAlarm: ALARM[bits(bytes, 16, 2)],
          smokeAlarmHush: HUSH[bits(bytes, 18, 2)],
          smokeLocalProductTest: TEST[bits(bytes, 20, 2)],
          temperature: temperature(bits(bytes, 39, 10)),
        },
      };
    default:
      return {
        data: { temperature: temperature(bits(bytes, 16, 10)), humidity: humidity(bits(bytes, 26, 8)) },
      };
  }
}

function temperature(raw) {
  return raw >= 1022 ? null : { value: (raw - 300) / 10, unit: "°C" };
}

function humidity(raw) {
  return raw === 255 ? null : { value: raw / 2, unit: "%RH" };
}

// The number in ``length`` bits from bit ``start`` of the message, the first bit being the highest.
function bits(bytes, start, length) {
  let value = 0;
  for (let index = start; index < start + length; index += 1) {
    value = value * 2 + ((bytes[index >> 3] >> (7 - (index & 7))) & 1);
  }
  return value;
}
