// Milesight AM307, AM308, AM319, ambience. Format: AM300 series user guide, "Uplink Data".
// What the device kept while it had no network (20ce, 21ce) comes in messages of its own, and is not read.
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0367: [2, (data, bytes) => (data.temperature = signed(bytes) / 10)],
  0x0468: [1, (data, [half]) => (data.humidity = half / 2)],
  0x0500: [1, (data, [state]) => (data.pir = ["idle", "trigger"][state])],
  0x06cb: [1, (data, [level]) => (data.light_level = level)], // 0 to 5
  0x077d: [2, (data, bytes) => (data.co2 = unsigned(bytes))],
  0x087d: [2, (data, bytes) => (data.tvoc = unsigned(bytes) / 100)],
  0x08e6: [2, (data, bytes) => (data.tvoc = unsigned(bytes))],
  0x0973: [2, (data, bytes) => (data.pressure = unsigned(bytes) / 10)],
  0x0a7d: [2, (data, bytes) => (data.hcho = unsigned(bytes) / 100)],
  0x0b7d: [2, (data, bytes) => (data.pm2_5 = unsigned(bytes))],
  0x0c7d: [2, (data, bytes) => (data.pm10 = unsigned(bytes))],
  0x0d7d: [2, (data, bytes) => (data.o3 = unsigned(bytes) / 100)],
  0x0e01: [1, (data, [state]) => (data.buzzer_status = ["off", "on"][state])],
};
