// Milesight EM300-TH, -MCS, -SLD, -ZLD, -MLD. Format: Milesight EM300 series user guide, "Uplink Data".
const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0x0367: [2, (data, bytes) => (data.temperature = signed(bytes) / 10)],
  0x0468: [1, (data, [half]) => (data.humidity = half / 2)],
  0x0500: [1, (data, [state]) => (data.leakage_status = ["normal", "leak"][state])],
  0x0600: [1, (data, [state]) => (data.magnet_status = ["close", "open"][state])],
  0x8367: [3, (data, bytes) => (data.temperature = signed(bytes.slice(0, 2)) / 10)], // with a threshold alarm
  0x20ce: [8, stored],
};

/** What the device kept while it had no network: old news, under a key that nobody reads as present. */
function stored(data, bytes) {
  (data.history = data.history || []).push({
    timestamp: unsigned(bytes.slice(0, 4)),
    temperature: signed(bytes.slice(4, 6)) / 10,
    humidity: bytes[6] / 2,
    state: bytes[7],
  });
}
