// Milesight WS301, door contact. Format: WS301 user guide, "Uplink Data".
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0300: [1, (data, [state]) => (data.magnet_status = ["close", "open"][state])],
  0x0400: [1, (data, [state]) => (data.tamper_status = ["installed", "uninstalled"][state])],
};
