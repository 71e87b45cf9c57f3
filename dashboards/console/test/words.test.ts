import { describe, expect, it } from "vitest";
import { duty } from "../src/words/duty";
import { casework } from "../src/words/casework";
import { en } from "../src/words/en";
import { handling } from "../src/words/handling";
import { health } from "../src/words/health";
import { install } from "../src/words/install";
import { manage } from "../src/words/manage";
import { places } from "../src/words/places";
import { patrols } from "../src/words/patrols";
import { photos } from "../src/words/photos";
import { plans } from "../src/words/plans";
import { pulse } from "../src/words/pulse";
import { reveal } from "../src/words/reveal";
import { response } from "../src/words/response";
import { rosters } from "../src/words/rosters";
import { trials } from "../src/words/trials";
import { SAFETY } from "../src/words/settings";
import { staff } from "../src/words/staff";
import { zh } from "../src/words/zh";

type Tree = { [key: string]: string | string[] | Tree };

function paths(tree: Tree, at = ""): string[] {
  return Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" || Array.isArray(value) ? [`${at}${key}`] : paths(value, `${at}${key}.`)));
}

describe("words", () => {
  it("are there in both languages", () => {
    expect(paths(en as unknown as Tree).sort()).toEqual(paths(zh as unknown as Tree).sort());
    for (const both of [response, handling, casework, duty, health, install, staff, patrols, photos, plans, trials, pulse, manage, rosters, places, reveal]) expect(paths(both.en as unknown as Tree).sort()).toEqual(paths(both.zh as unknown as Tree).sort());
  });

  it("are English in English", () => {
    const chinese = JSON.stringify([en, response.en, handling.en, casework.en, duty.en, install.en, staff.en, Object.values(SAFETY).map((each) => each.en), patrols.en, photos.en, plans.en, trials.en, health.en, pulse.en, manage.en, rosters.en, places.en, reveal.en]).match(/[\u4e00-\u9fff]+/g) ?? [];
    expect(chinese).toEqual([]);
  });
});
