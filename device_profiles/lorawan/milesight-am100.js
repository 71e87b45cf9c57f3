// Milesight AM102, AM103, AM104, AM107, ambience; also EM320-TH. Format: AM100 series user guide, "Uplink Data".
// What the device kept while it had no network (20ce) comes in messages of its own, and is not read.
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0367: [2, (data, bytes) => (data.temperature = signed(bytes) / 10)],
  0x0468: [1, (data, [half]) => (data.humidity = half / 2)],
  0x056a: [2, (data, bytes) => (data.activity = unsigned(bytes))],
  0x0665: [6, (data, bytes) => (data.illumination = unsigned(bytes.slice(0, 2)))],
  0x077d: [2, (data, bytes) => (data.co2 = unsigned(bytes))],
  0x087d: [2, (data, bytes) => (data.tvoc = unsigned(bytes))],
  0x0973: [2, (data, bytes) => (data.pressure = unsigned(bytes) / 10)],
};
