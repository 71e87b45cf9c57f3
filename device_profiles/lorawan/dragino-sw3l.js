// Dragino SW3L and SW3L-LB, water flow: big endian. Format: SW3L-LB user manual, "Payload" and "Calculate Flag".
const PULSES_PER_LITRE = [450, 390, 64, 12];

function decodeUplink(input) {
  const bytes = input.bytes;
  if (input.fPort === 5) {
    return bytes.length >= 7 ? { data: { BAT: (bytes[5] * 256 + bytes[6]) / 1000 } } : { errors: ["cut"] };
  }
  if (input.fPort === 3 || input.fPort === 4 || input.fPort === 7) {
    return { data: {} }; // stored reports and settings
  }
  if (input.fPort !== 2 || bytes.length !== 11) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort}; a report has 11, on fPort 2`] };
  }
  const pulses = ((bytes[1] * 256 + bytes[2]) * 256 + bytes[3]) * 256 + bytes[4];
  const litres = pulses / (PULSES_PER_LITRE[(bytes[0] & 0x3c) >> 2] || PULSES_PER_LITRE[0]);
  const data = {
    Alarm: bytes[0] & 2 ? "TRUE" : "FALSE", // flows for longer than was set
    Water_flow_value: Math.round(litres * 10) / 10,
  };
  data[(bytes[5] & 0x3f) === 1 ? "Last_pulse" : "Total_pulse"] = pulses;
  return { data };
}
