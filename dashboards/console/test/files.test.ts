import { expect, test } from "vitest";
import { faultWords } from "../src/words/files";

test.each([
  ["zones[0].members[0]: there is no person 'lii'", "zones[0].members[0]: 没有这个人：'lii'"],
  ["places[1].kind: Invalid enum value 'bilding'; did you mean 'building'?", "places[1].kind: 没有这种取值：'bilding'；是不是 'building'？"],
  ["people[1]: person wang stands twice, first as people[0]", "people[1]: person wang 出现两次，先在 people[0]"],
  ["rosters[0].shifts[0].from: '25:00' is not a wall-clock time; expected HH:MM from 00:00 to 24:00", "rosters[0].shifts[0].from: '25:00' 不是钟点；应为 00:00 到 24:00 之间的 时:分"],
  ["'zigbee2mqtt:0x1' stands in row 7 already", "'zigbee2mqtt:0x1' 在第 7 行已经有了"],
  ["there is no profile 'heiman-hs1'; did you mean 'heiman-hs1sa'?", "没有这个型号：'heiman-hs1'；是不是 'heiman-hs1sa'？"],
  ["a sentence of no known shape; expected more", "a sentence of no known shape; expected more"],
])("%s is said in Chinese", (detail, words) => {
  expect(faultWords(detail, "zh")).toBe(words);
  expect(faultWords(detail, "en")).toBe(detail);
});
