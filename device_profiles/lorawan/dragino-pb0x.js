// Dragino PB01-L (one button) and PB05-L (five): big endian. Format: their user manuals, "Payload".
function decodeUplink(input) {
  const bytes = input.bytes;
  if (input.fPort === 5) {
    return bytes.length >= 7 ? { data: { BAT: word(bytes, 5) / 1000 } } : { errors: ["cut"] };
  }
  if (input.fPort === 3 || input.fPort === 4 || input.fPort === 7) {
    return { data: {} }; // stored reports and settings
  }
  if (input.fPort !== 2 || (bytes.length !== 8 && bytes.length !== 5)) {
    return { errors: [`${bytes.length} bytes on fPort ${input.fPort}; a report has 8 (PB01-L) or 5, on fPort 2`] };
  }
  const data = { BatV: word(bytes, 0) / 1000, Alarm: bytes[3] & 1 ? "TRUE" : "FALSE" };
  if (bytes.length === 8) {
    const temperature = word(bytes, 4);
    data.TempC_SHT41 = (temperature > 0x7fff ? temperature - 0x10000 : temperature) / 10;
    data.Hum_SHT41 = word(bytes, 6) / 10;
  } else {
    for (let key = 1; key <= 5; key++) data["key" + key] = (bytes[4] >> (key - 1)) & 1 ? "Yes" : "No";
  }
  return { data };
}

function word(bytes, at) {
  return bytes[at] * 256 + bytes[at + 1];
}
