import { describe, expect, it } from "vitest";
import openapi from "../openapi.json";
import { REFUSALS, refusal } from "../src/words/refusals";

describe("a refusal", () => {
  it("of any code is said in Chinese", () => {
    for (const code of openapi.components.schemas.Code.enum) expect(refusal(code, "detail")).toMatch(/^[^a-z]*[\u4e00-\u9fff][^a-z]*\ndetail$/);
    expect(Object.keys(REFUSALS).sort()).toEqual([...openapi.components.schemas.Code.enum].sort());
  });

  it("without a code, from a proxy for instance, is said as it came", () => expect(refusal(undefined, "Bad Gateway")).toBe("Bad Gateway"));
});
