// Milesight WS523 and WS525, smart sockets. Format: WS52x user guide, "Uplink Data".
const CHANNELS = {
  0x0374: [2, (data, bytes) => (data.voltage = unsigned(bytes) / 10)],
  0x0480: [4, (data, bytes) => (data.active_power = unsigned(bytes))], // watts
  0x0581: [1, (data, [percent]) => (data.power_factor = percent)],
  0x0683: [4, (data, bytes) => (data.power_consumption = unsigned(bytes))], // watt hours
  0x07c9: [2, (data, bytes) => (data.current = unsigned(bytes))], // milliampere
  0x0870: [1, (data, [state]) => (data.socket_status = state & 1 ? "on" : "off")],
};
