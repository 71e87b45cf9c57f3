// Milesight WS203, motion, temperature and humidity. Format: WS203 user guide, "Uplink Data".
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0367: [2, (data, bytes) => (data.temperature = signed(bytes) / 10)],
  0x0468: [1, (data, [half]) => (data.humidity = half / 2)],
  0x0500: [1, (data, [state]) => (data.occupancy = ["vacant", "occupied"][state])],
  0x8367: [3, (data, bytes) => (data.temperature = signed(bytes.slice(0, 2)) / 10)], // with a threshold alarm
  0x20ce: [9, (data, bytes) => (data.history = data.history || []).push({ timestamp: unsigned(bytes.slice(0, 4)) })],
};
