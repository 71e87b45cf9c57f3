import { expect, test } from "vitest";
import { axisOf, offset, readTimeline, sinceStart } from "../src/manage/timeline";

test("a timeline by hand is read line by line, and wrong lines are named", () => {
  const { lines, wrong } = readTimeline("# boiler\n0s temperature=41\n1m30s b3-501 smoke=true\n\n5m tick\n10 smoke=true\n3s Smoke=1\n4s action=hold\n");
  expect(lines.map((each) => [each.at, each.device, each.metric, each.value, each.tick])).toEqual([
    [0, "", "temperature", 41, false],
    [90_000, "b3-501", "smoke", true, false],
    [300_000, "", "", null, true],
    [4_000, "", "action", "hold", false],
  ]);
  expect(wrong).toEqual([6, 7]);
});

test("offsets have units", () => {
  expect(offset("1h30m")).toBe(5_400_000);
  expect(offset("90")).toBeNull();
  expect(sinceStart(90_500)).toBe("1m 30s");
  expect(sinceStart(90_000_000)).toBe("1d 1h");
  expect(sinceStart(0)).toBe("0s");
});

test("an alarm is a bar from its raise to its end, or to the end of the axis", () => {
  const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
  const reading = (seconds: number, value: number) => ({ at: at(seconds), device: "device", metric: "temperature", value, part: "", tick: false });
  const says = (seconds: number, transition: string) => ({ at: at(seconds), rule: "r", subject: "device", transition, severity: "high" });
  const axis = axisOf({ lines: [reading(0, 20), reading(50, 60), reading(75, 60), { ...reading(100, 0), metric: "", tick: true }], transitions: [says(60, "raised"), says(70, "repeated"), says(80, "cleared"), says(90, "raised")] });
  expect(axis.lanes).toEqual([{ name: "temperature", steps: [{ from: 0, to: 0.5, text: "20", on: false }, { from: 0.5, to: 1, text: "60", on: false }] }]);
  expect(axis.bars.map((bar) => [bar.from, bar.to, bar.open, bar.again])).toEqual([[0.6, 0.8, false, [0.7]], [0.9, 1, true, []]]);
});
