// The contacts of a person while somebody changes them: rows that stay, move, go or come. Pure.
import type { Person } from "../state/people";

export interface ContactRow {
  /** Tells rows apart while they move. */
  key: number;
  kind: string;
  /** Where it stands now; null for one that is new. */
  keep: number | null;
  verified: boolean;
  url: string;
  number: string;
  secret: string;
}

export interface ContactSent {
  kind: string;
  keep?: number;
  url: string;
  number: string;
  secret?: string;
}

const PHONES = ["sms", "voice", "landline"];
const ORDER = ["console", "sms", "voice", "landline", "wecom", "dingtalk", "feishu", "email", "webhook"];

export const asksNumber = (kind: string): boolean => PHONES.includes(kind);
export const asksAddress = (kind: string): boolean => kind !== "console" && !asksNumber(kind);

/** The kinds that may be added here, of the channels that are installed. */
export const kindsHere = (channels: readonly string[]): string[] => ORDER.filter((kind) => channels.includes(kind));

export const draftOf = (person: Pick<Person, "channels">): ContactRow[] =>
  person.channels.map((one, index) => ({ key: index, kind: one.kind, keep: index, verified: one.verified, url: "", number: "", secret: "" }));

export const added = (rows: readonly ContactRow[], kind: string): ContactRow[] =>
  [...rows, { key: Math.max(-1, ...rows.map((each) => each.key)) + 1, kind, keep: null, verified: false, url: "", number: "", secret: "" }];

/** With the row one place up (-1) or down (1); the same rows where it cannot go further. */
export function moved(rows: readonly ContactRow[], index: number, by: -1 | 1): ContactRow[] {
  const next = [...rows];
  const other = next[index + by];
  const one = next[index];
  if (!one || !other) return next;
  next[index] = other;
  next[index + by] = one;
  return next;
}

/** What is sent of them. An e-mail address may be written as people write it. */
export const sentOf = (rows: readonly ContactRow[]): ContactSent[] =>
  rows.map((one) => {
    const bare = { kind: one.kind, url: "", number: "" };
    if (one.keep !== null) return { ...bare, keep: one.keep };
    if (asksNumber(one.kind)) return { ...bare, number: one.number.trim() };
    if (!asksAddress(one.kind)) return bare;
    const url = one.url.trim();
    const isMail = one.kind === "email" && url !== "" && !url.includes(":");
    return { ...bare, url: isMail ? `mailto:${url}` : url, ...(one.secret.trim() ? { secret: one.secret.trim() } : {}) };
  });

export const isChanged = (rows: readonly ContactRow[], person: Pick<Person, "channels">): boolean =>
  rows.length !== person.channels.length || rows.some((one, index) => one.keep !== index);

/** What was refused, by `row/field`; what belongs to no field stands under the empty key. */
export function faultsOf(errors: readonly { pointer: string; detail: string }[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { pointer, detail } of errors) {
    const at = /^\/?body\/(\d+)\/(\w+)/.exec(pointer);
    const key = at ? `${at[1]}/${at[2]}` : "";
    found[key] = found[key] ? `${found[key]}; ${detail}` : detail;
  }
  return found;
}
