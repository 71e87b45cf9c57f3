// Milesight GS101, gas alarm. Format: Milesight GS101 user guide, "Uplink Data".
const EVENTS = [
  "power off",
  "power on",
  "device fault",
  "device fault recovered",
  "device will be invalid soon",
  "device invalid",
];

const CHANNELS = {
  0x058e: [1, (data, [state]) => (data.gas_status = ["normal", "alarm"][state])],
  0x0601: [1, (data, [state]) => (data.valve_status = ["off", "on"][state])],
  0x0701: [1, (data, [state]) => (data.relay_output_status = ["off", "on"][state])],
  0x0890: [4, (data, bytes) => (data.life_remain = unsigned(bytes))], // seconds
  0xff3f: [1, event],
};

/** Several may stand in one message: the worst is ``alarm``, and the supply has a key of its own. */
function event(data, [code]) {
  const word = EVENTS[code];
  if (word === undefined) return;
  if (code < 2) data.power = word;
  if (data.alarm === undefined || code > 1) data.alarm = word;
}
