// Milesight WS202, motion and light. Format: WS202 user guide, "Uplink Data".
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0300: [1, (data, [state]) => (data.pir = ["normal", "trigger"][state])],
  0x0400: [1, (data, [state]) => (data.daylight = ["dim", "bright"][state])],
};
