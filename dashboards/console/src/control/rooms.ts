// What the devices of a room come to in the picture of its building: the worst of their states, and their kinds as marks.
import type { Device } from "../api/types";

export interface Room {
  state: Device["state"];
  marks: string[];
}

const WORST: Device["state"][] = ["silent", "fault", "off", "alarm", "warning", "unheard", "ok"];
/** The class whose mark a kind of device has: what it would call. */
const MARKS: Record<string, string> = { smoke: "fire", heat: "fire", gas: "gas", co: "gas", leak: "water", button: "emergency", fall: "emergency" };

/** By place. A device that is silent or faulty is what counts of its room, however well the others are. */
export function roomsOf(devices: Iterable<Pick<Device, "place" | "state" | "kind">>): Map<string, Room> {
  const found = new Map<string, Room>();
  for (const each of devices) {
    const room = found.get(each.place) ?? { state: "ok" as Device["state"], marks: [] };
    if (WORST.indexOf(each.state) < WORST.indexOf(room.state)) room.state = each.state;
    const mark = MARKS[each.kind];
    if (mark && !room.marks.includes(mark)) room.marks.push(mark);
    found.set(each.place, room);
  }
  return found;
}
