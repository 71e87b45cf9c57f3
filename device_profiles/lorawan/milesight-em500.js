// Milesight EM500-SWL (submersible water level) and EM500-PP (pipe pressure).
// Format: EM500 series user guide, "Uplink Data".
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0377: [2, depth],
  0x037b: [2, (data, bytes) => (data.pressure = signed(bytes))], // kPa
  0xff1b: [5, () => {}], // the probe's range
  0x20ce: [6, (data, bytes) => (data.history = data.history || []).push({ timestamp: unsigned(bytes.slice(0, 4)) })],
};

/** Centimetres, or why there are none. */
function depth(data, bytes) {
  const value = unsigned(bytes);
  if (value === 0xffff) data.depth_error = "collection failed";
  else if (value === 0xfffd) data.depth_error = "out of range";
  else data.depth = value;
}
