// SEPT-S (Hager) TG563A smoke detector: five bytes on port 1, or thirty-five with its history of counters.
// Facts from its technical reference manual (SE000304A). Counters of past alarms are no news and are not given.

const MESSAGES = {
  0: "Periodic uplink message",
  1: "Smoke Alarm Event",
  2: "Low Battery Event",
  3: "Smoke Chamber Failure Event",
  4: "Fouling Smoke Chamber Event",
  5: "Ultrasonic Sensor Failure Event",
  6: "Infrared Sensor Failure Event",
  7: "Buzzer Failure",
  8: "Obstacle Detected Event",
  9: "Air Inlet Covered Event",
  15: "Message with additional data",
};
const LONG = 15;

function decodeUplink(input) {
  const { bytes, fPort } = input;
  if (fPort !== 1) {
    return { errors: [`no message has port ${fPort}`] };
  }
  const type = bytes[0] & 0x0f;
  const length = type === LONG ? 35 : 5;
  if (bytes.length !== length) {
    return { errors: [`a message of type ${type} has ${length} bytes, not ${bytes.length}`] };
  }
  const data = { messageType: MESSAGES[type] ?? "RFU", temperature: signed(bytes[2]), status: status(bytes) };
  if (type === LONG) {
    data.batteryLevel = bytes[5] / 100 + 1;
  }
  return { data };
}

function status(bytes) {
  const surroundings = bytes[3];
  const detector = bytes[4];
  return {
    mounted: bit(surroundings, 0),
    brightness: bit(surroundings, 1),
    temperatureOutOfRange: bit(surroundings, 2),
    obstacleDetected: bit(surroundings, 4),
    airInletCovered: bit(surroundings, 5),
    tooLongInactivity: bit(surroundings, 6),
    tooLongUnmounted: bit(surroundings, 7),
    smokeAlarm: bit(detector, 0),
    batteryLow: bit(detector, 1),
    smokeChamberFailure: bit(detector, 2),
    fouledSmokeChamber: bit(detector, 3),
    ultrasonicSensorFailure: bit(detector, 4),
    infraredSensorFailure: bit(detector, 5),
    buzzerFailure: bit(detector, 6),
  };
}

function bit(byte, position) {
  return (byte >> position) & 1;
}

function signed(byte) {
  return byte > 127 ? byte - 256 : byte;
}
