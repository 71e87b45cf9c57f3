// Milesight VS373, radar fall detection. Format: VS373 user guide, "Uplink Data", firmware 1.0.1 and 1.0.2.
const DETECTIONS = ["normal", "vacant", "in_bed", "out_of_bed", "fall"];
const TARGETS = ["normal", "motionless", "abnormal", "lying_down"];
const ALARMS = [
  "fall", "motionless", "dwell", "out_of_bed", "occupied", "vacant", "bradypnea", "tachypnea", "lying_down",
];
const ALARM_STATES = [undefined, "alarm_triggered", "alarm_deactivated", "alarm_ignored"];
const BREATHS = [undefined, "no_data_input", "normal", "tachypnea", "bradypnea", "undetectable"];

const CHANNELS = {
  0x03f8: [6, room],
  0x07b0: [8, room],
  0x04f9: [4, (data, states) => states.forEach((state, n) => region(data, n, ["occupied", "vacant"][state]))],
  0x09b2: [6, () => {}], // what the regions are
  0x0ab3: [5, regions],
  0x05fa: [8, () => {}], // seconds out of bed
  0x0bb4: [9, () => {}],
  0x0cb4: [9, () => {}],
  0x06fb: [5, (data, bytes) => alarm(data, bytes)],
  0x08b1: [3, breath],
  0x20ce: [9, stored],
};

function room(data, [detection, target]) {
  data.detection_status = DETECTIONS[detection];
  data.target_status = TARGETS[target];
}

function region(data, n, state) {
  if (state) data[`region_${n + 1}_occupancy`] = state;
}

function regions(data, [count, ...bits]) {
  for (let n = 0; n < Math.min(count, 32); n++) {
    region(data, n, ["vacant", "occupied"][Math.floor(unsigned(bits) / 2 ** n) % 2]);
  }
}

/** One event a message or several: of one type, triggered outweighs what came before or after it. */
function alarm(data, [, , type, status]) {
  const key = ALARMS[type] + "_alarm";
  const word = ALARM_STATES[status];
  if (ALARMS[type] && word && data[key] !== "alarm_triggered") data[key] = word;
}

function breath(data, [state, low, high]) {
  data.respiratory_status = BREATHS[state];
  data.respiratory_rate = unsigned([low, high]) / 100;
}

/** What happened while the device had no network: old news, under a key that nobody reads as present. */
function stored(data, bytes) {
  const event = { timestamp: unsigned(bytes.slice(0, 4)) };
  alarm(event, bytes.slice(4));
  (data.history = data.history || []).push(event);
}
