// Milesight WS101 (one button), WS136 and WS156 (scene panels). Format: their user guides, "Uplink Data".
const PRESSES = [undefined, "short", "long", "double"];
const SCENE_PRESSES = ["short", "short", "double", "long"];

const CHANNELS = {
  0x0175: [1, (data, [percent]) => (data.battery = percent)],
  0xff2e: [1, (data, [code]) => (data.press = PRESSES[code])],
  0xff34: [3, (data, [button, , code]) => (data["button_" + button] = SCENE_PRESSES[code] || "short")],
};
