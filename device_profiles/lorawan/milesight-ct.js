// Milesight CT101, CT103, CT105 (one clamp) and CT303, CT305, CT310 (three): current and cable temperature.
// Format: CT series user guide, "Uplink Data".
const CHANNELS = {
  0x0498: [2, (data, bytes) => current(data, "current", bytes, 100)],
  0x8498: [7, (data, bytes) => currentAlarm(data, "current", bytes, 100)],
  0x0967: [2, temperature],
  0x8967: [3, temperatureAlarm],
};

for (const clamp of [1, 2, 3]) {
  const name = "current_chn" + clamp;
  const channel = (2 * clamp + 2) * 256; // 4, 6, 8; the channel before it counts ampere hours
  CHANNELS[channel - 256 + 0x97] = [4, () => {}];
  CHANNELS[channel + 0x99] = [2, (data, bytes) => current(data, name, bytes, 10)];
  CHANNELS[0x8000 + channel + 0x99] = [7, (data, bytes) => currentAlarm(data, name, bytes, 10)];
}

function current(data, name, bytes, parts) {
  const value = unsigned(bytes);
  if (value === 0xffff) data[name + "_sensor_status"] = "read failed";
  else data[name] = value / parts;
}

/** Greatest, least, present, and bits: threshold, its release, out of range, its release. */
function currentAlarm(data, name, bytes, parts) {
  current(data, name, bytes.slice(4, 6), parts);
  data[name + "_alarm"] = {
    current_threshold_alarm: yes(bytes[6] & 1),
    current_threshold_alarm_release: yes(bytes[6] & 2),
    current_over_range_alarm: yes(bytes[6] & 4),
    current_over_range_alarm_release: yes(bytes[6] & 8),
  };
}

function temperature(data, bytes) {
  const value = unsigned(bytes);
  if (value === 0xffff) data.temperature_sensor_status = "read failed";
  else if (value === 0xfffd) data.temperature_sensor_status = "over range alarm";
  else data.temperature = signed(bytes) / 10;
}

function temperatureAlarm(data, bytes) {
  temperature(data, bytes.slice(0, 2));
  data.temperature_alarm = ["temperature threshold alarm release", "temperature threshold alarm"][bytes[2]];
}

function yes(bit) {
  return bit ? "yes" : "no";
}
