// Dragino PS-LB and PS-NB, pressure and immersion: a current loop of 4 to 20 mA, scaled by the probe; big endian.
// Format: PS-LB user manual, "Payload" and "Probe Model".
/** Span of the loop in kPa, by the model of a pressure probe: from zero. */
const SPANS = { 1: 600, 2: 1000, 3: 1600, 4: 2500, 5: 10000, 6: 40000, 7: 60000, 10: 5, 11: 50, 12: 100 };

function decodeUplink(input) {
  const bytes = input.bytes;
  if (input.fPort === 5) {
    return bytes.length >= 7 ? { data: { BAT: word(bytes, 5) / 1000 } } : { errors: ["cut"] };
  }
  if (input.fPort === 3 || input.fPort === 4 || input.fPort === 7) {
    return { data: {} }; // stored reports and settings
  }
  if (input.fPort !== 2 || bytes.length < 9) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort}; a report has 9, on fPort 2`] };
  }
  const data = { Bat_V: word(bytes, 0) / 1000, IDC_intput_mA: word(bytes, 4) / 1000 };
  const share = (data.IDC_intput_mA - 4) / 16;
  // a loop that is cut carries nothing: no level, not a level of 0
  if (data.IDC_intput_mA >= 3.5) scale(data, bytes[2], bytes[3], Math.max(0, share));
  return { data };
}

function scale(data, kind, model, share) {
  if (kind === 0) data.Water_deep_cm = round(share * model * 100);
  if (kind === 1 && SPANS[model]) data.pressure_kPa = round(share * SPANS[model]);
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}

function word(bytes, at) {
  return bytes[at] * 256 + bytes[at + 1];
}
