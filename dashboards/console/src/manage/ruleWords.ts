// What a rule is for, in words.
import { w } from "../words";

/** 烟感 · care:alone; all devices where nothing narrows it. */
export const scopeOf = (given: Record<string, string[]>): string =>
  Object.entries(given)
    .filter(([, values]) => values.length)
    .map(([key, values]) => values.map((each) => (key === "kinds" ? w("deviceKinds", each) : key === "tags" ? w("manage.tags", each) : each)).join(w("comma")))
    .join(" · ") || w("scopeAll");
