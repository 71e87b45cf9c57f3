// Milesight EM310-UDL and EM400-MUD, -TLD, -UDL, distance sensors. Format: their user guides, "Uplink Data".
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0367: [2, (data, bytes) => temperature(data, bytes)],
  0x0382: [2, (data, bytes) => (data.distance = unsigned(bytes))], // EM310; millimetres
  0x0400: [1, (data, [state]) => (data.position = ["normal", "tilt"][state])],
  0x0482: [2, (data, bytes) => (data.distance = unsigned(bytes))], // EM400
  0x0500: [1, (data, [state]) => (data.position = ["normal", "tilt"][state])],
  0x8367: [3, (data, bytes) => temperature(data, bytes.slice(0, 2))],
  0x8482: [3, (data, bytes) => (data.distance = unsigned(bytes.slice(0, 2)))],
};

function temperature(data, bytes) {
  const value = signed(bytes);
  if (value > -1000 && value < 2000) data.temperature = value / 10;
}
