// Dragino LHT65 and LHT65N with their external probes, and LHT65N-PIR: big endian, the low bits of the seventh byte say
// which probe. Format: LHT65N user manual, "Uplink Payload".
const BATTERY = ["Ultra Low", "Low", "OK", "Good"];
const NOT_MEASURED = 0x7fff;

const PROBES = {
  0x01: (data, bytes) => temperature(data, "TempC_DS", bytes, 7),
  0x02: (data, bytes) => temperature(data, "TempC_TMP117", bytes, 7),
  0x04: (data, bytes) => (data.Exti_pin_level = bytes[7] ? "High" : "Low"),
  0x05: (data, bytes) => (data.ILL_lx = word(bytes, 7)),
  0x06: (data, bytes) => (data.ADC_V = word(bytes, 7) / 1000),
  0x0b: external,
  0x0e: (data, bytes) => (data.Exti_pin_level = bytes[7] & 1 ? "Activity" : "No activity"),
};

function decodeUplink(input) {
  const bytes = input.bytes;
  if (input.fPort === 5) {
    return bytes.length >= 7 ? { data: { BAT: word(bytes, 5) / 1000 } } : { errors: ["cut"] };
  }
  if (input.fPort === 3) {
    return { data: { DATALOG: true } }; // stored reports that somebody asked for: old news
  }
  if (input.fPort !== 2 || (bytes.length !== 15 && bytes.length % 11 !== 0) || bytes.length === 0) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort}; a report has 11 or 15, on fPort 2`] };
  }
  return { data: bytes.length > 15 ? { DATALOG: true } : report(bytes) };
}

function report(bytes) {
  const unplugged = (bytes[6] & 0x80) !== 0 && word(bytes, 7) === NOT_MEASURED;
  if (bytes[6] & 0x40 || (bytes[6] & 0x80 && !unplugged)) {
    return { DATALOG: true }; // a stored report: old news
  }
  const data = {};
  const probe = bytes[6] & 0x3f;
  if (probe === 0x09 || probe === 0x0a) {
    // the probe and a time of day stand where others have the battery
    temperature(data, probe === 0x09 ? "TempC_DS" : "TempC_TMP117", bytes, 0);
    data.Bat_status = BATTERY[bytes[4] >> 6];
    inside(data, bytes);
    return data;
  }
  data.BatV = (word(bytes, 0) & 0x3fff) / 1000;
  data.Bat_status = BATTERY[bytes[0] >> 6];
  if (probe === 0x0f) return data; // the probe's serial number
  if (probe === 0x10) external(data, bytes);
  else if (probe === 0x20) temperature(data, "TempC_TMP117", bytes, 7);
  else {
    if ((probe & 0x0f) !== 0x0e) inside(data, bytes);
    if (PROBES[probe & 0x0f]) PROBES[probe & 0x0f](data, bytes);
  }
  return data;
}

function inside(data, bytes) {
  temperature(data, "TempC_SHT", bytes, 2);
  const humidity = (word(bytes, 4) & 0x0fff) / 10;
  if (humidity <= 100) data.Hum_SHT = humidity;
}

function external(data, bytes) {
  temperature(data, "Ext_TempC_SHT", bytes, 7);
  const humidity = (word(bytes, 9) & 0x0fff) / 10;
  if (data.Ext_TempC_SHT !== undefined && humidity <= 100) data.Ext_Hum_SHT = humidity;
}

function temperature(data, name, bytes, at) {
  const raw = word(bytes, at);
  if (raw === NOT_MEASURED || raw === 0xffff) return;
  data[name] = (raw > 0x7fff ? raw - 0x10000 : raw) / 100;
}

function word(bytes, at) {
  return bytes[at] * 256 + bytes[at + 1];
}
