// Milesight VS370, radar presence; also VS340 and VS341, desk occupancy. Format: their user guides, "Uplink Data".
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0300: [1, (data, [state]) => (data.occupancy = ["vacant", "occupied"][state])],
  0x0400: [1, (data, [state]) => (data.illuminance = { 0: "dim", 1: "bright", 254: "disable" }[state])],
};
