import { expect, it } from "vitest";
import { roomsOf } from "../src/control/rooms";

it("says of a room the worst of its devices, and each kind of alarm once", () => {
  const found = roomsOf([
    { place: "b/f1/101", state: "ok", kind: "smoke" },
    { place: "b/f1/101", state: "silent", kind: "gas" },
    { place: "b/f1/101", state: "alarm", kind: "heat" },
    { place: "b/f1/102", state: "off", kind: "climate" },
  ]);
  expect([...found]).toEqual([
    ["b/f1/101", { state: "silent", marks: ["fire", "gas"] }],
    ["b/f1/102", { state: "off", marks: [] }],
  ]);
});
