// Dragino boards with one payload: SN50v3-LB, LSN50 and LSN50v2 (also D20, D22, D23, S31), D20-LB, D22-LB, D23-LB,
// S31-LB. Big endian; bits 2 to 6 of the seventh byte are the working mode. Format: SN50v3-LB user manual, "Payload".
const S31 = 0; // also the mode of a board with an I2C sensor
const WEIGHING_3ADC = 2;
const THREE_PROBES = 3;
const SETTINGS = 31;

function decodeUplink(input) {
  const bytes = input.bytes;
  if (input.fPort === 5) {
    return bytes.length >= 7 ? { data: { BAT: word(bytes, 5) / 1000 } } : { errors: ["cut"] };
  }
  if (input.fPort === 3) {
    return { data: { DATALOG: true } }; // stored reports that somebody asked for: old news
  }
  if (input.fPort !== 2 || bytes.length < 11) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort}; a report has 11 or more, on fPort 2`] };
  }
  return { data: report(bytes, (bytes[6] & 0x7c) >> 2) };
}

function report(bytes, mode) {
  const data = {};
  if (mode === SETTINGS) return data;
  if (mode === WEIGHING_3ADC) {
    if (bytes.length > 11) data.BatV = bytes[11] / 10;
  } else {
    data.BatV = word(bytes, 0) / 1000;
  }
  if (mode === S31 || mode === WEIGHING_3ADC) {
    // a light sensor leaves the humidity at 0
    if (word(bytes, 9) === 0) data.Illum = word(bytes, 7);
    else climate(data, bytes);
  }
  // an S31 has its clock where the others have their first probe: taken for one it is in no plausible range
  if (mode !== WEIGHING_3ADC && mode !== 11) probe(data, "TempC1", bytes, 2);
  if (mode === THREE_PROBES) {
    probe(data, "TempC2", bytes, 7);
    probe(data, "TempC3", bytes, 9);
  }
  return data;
}

function climate(data, bytes) {
  if (word(bytes, 7) !== 0xffff) probe(data, "TempC_SHT", bytes, 7);
  const humidity = word(bytes, 9) / 10;
  if (humidity <= 100) data.Hum_SHT = humidity;
}

/** -55 to 125 degrees, as the probes measure; what is not plugged in says 3276.7. */
function probe(data, name, bytes, at) {
  const raw = word(bytes, at);
  const value = (raw > 0x7fff ? raw - 0x10000 : raw) / 10;
  if (value >= -55 && value <= 125) data[name] = value;
}

function word(bytes, at) {
  return bytes[at] * 256 + bytes[at + 1];
}
