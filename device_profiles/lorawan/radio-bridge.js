// Radio Bridge (MultiTech) RBS sensors: protocol and counter, event, and the event's own bytes, on port 2.
// Facts from the Radio Bridge sensor user guides.

const EVENTS = {
  0x00: [3, () => ({ Type: "RESET" })],
  0x01: [5, supervisory],
  0x02: [3, (bytes) => ({ Type: "TAMPER", Tamper: { Event: bytes[2] === 0 ? "Open" : "Closed" } })],
  0x03: [3, (bytes) => ({ Type: "DOOR/WINDOW", DoorWindow: { Event: bytes[2] === 0 ? "Closed" : "Open" } })],
  0x06: [4, button],
  0x07: [
    3,
    (bytes) => ({ Type: "CONTACT", Contact: { Event: bytes[2] === 0 ? "Contacts Shorted" : "Contacts Opened" } }),
  ],
  0x08: [3, (bytes) => ({ Type: "WATER", Water: { Event: bytes[2] === 0 ? "Water Present" : "Water Not Present" } })],
  0x09: [4, (bytes) => ({ Type: "TEMPERATURE", Temperature: { Temperature: signed(bytes[3]) } })],
  0x0a: [4, (bytes) => ({ Type: "TILT", Tilt: { Angle: bytes[3] } })],
  0x0d: [7, air],
  0x0e: [3, (bytes) => ({ Type: "ABM", ABM: { Event: bytes[2] === 0 ? "Movement Started" : "Movement Stopped" } })],
  0xfb: [5, () => ({ Type: "LINK QUALITY" })],
  0xff: [3, () => ({ Type: "DOWNLINKACK" })],
};
const BUTTONS = { 0x01: "Button 1", 0x02: "Button 2", 0x03: "Button", 0x12: "Both Buttons" };
const PRESSES = ["Pressed", "Released", "Held"];

function decodeUplink(input) {
  const { bytes } = input;
  if (bytes.length < 3) {
    return { errors: [`a message has at least 3 bytes, not ${bytes.length}`] };
  }
  const known = EVENTS[bytes[1]];
  if (known === undefined) {
    return { data: { Type: "OTHER" }, warnings: [`event ${bytes[1]} is not known here`] };
  }
  const [least, read] = known;
  if (bytes.length < least) {
    return { errors: [`an event ${bytes[1]} has at least ${least} bytes, not ${bytes.length}`] };
  }
  return { data: read(bytes) };
}

function supervisory(bytes) {
  return {
    Type: "SUPERVISORY",
    Supervisory: {
      TamperSinceLastReset: (bytes[2] >> 4) & 1,
      TamperState: (bytes[2] >> 3) & 1,
      ErrorWithLastDownlink: (bytes[2] >> 2) & 1,
      BatteryLow: (bytes[2] >> 1) & 1,
      RadioCommError: bytes[2] & 1,
      Battery: `${bytes[4] >> 4}.${bytes[4] & 0x0f}V`,
    },
  };
}

function button(bytes) {
  return {
    Type: "BUTTON",
    Button: { Event: BUTTONS[bytes[2]] ?? "Undefined", State: PRESSES[bytes[3]] ?? "Undefined" },
  };
}

// Bit 7 is the sign, and the fraction stands in the high half of the next byte.
function air(bytes) {
  const size = (bytes[3] & 0x7f) + (bytes[4] >> 4) / 10;
  return {
    Type: "ATH",
    ATH: { Temperature: bytes[3] < 0x80 ? size : -size, Humidity: bytes[5] + (bytes[6] >> 4) / 10 },
  };
}

function signed(byte) {
  return byte > 127 ? byte - 256 : byte;
}
