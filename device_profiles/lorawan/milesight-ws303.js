// Milesight WS303, mini leak sensor. Format: WS303 user guide, "Uplink Data".
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0300: [1, (data, [state]) => (data.leakage_status = ["normal", "leak"][state])],
};
