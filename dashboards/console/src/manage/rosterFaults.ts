// What the service refuses of a roster, by the field of the form that it is about.
import { Refused } from "../api/client";
import { language, w } from "../words";

/** By field, and what is about none of the fields in one text. */
export function faultsOf(error: unknown, fields: readonly string[]): [Record<string, string>, string] {
  if (!(error instanceof Refused)) return [{}, w("unreachable")];
  const found: Record<string, string> = {};
  let isElsewhere = !error.errors.length;
  for (const { pointer, detail } of error.errors) {
    const field = pointer.split("/")[1]?.split("[")[0] ?? "";
    if (fields.includes(field)) found[field] = language.value === "zh" ? `${w("roster.wrong", field)}（${detail}）` : detail;
    else isElsewhere = true;
  }
  return [found, isElsewhere ? error.message : ""];
}
