// Everybody of the directory, however many, by id.
import { get } from "../api/client";
import type { GetAnswer } from "../api/client";

export type Person = GetAnswer<"/api/v1/people">["items"][number];
export type Holder = GetAnswer<"/api/v1/posts">["items"][number];

const PAGE = 500;
const MOST = 20;

/** All pages of a list; at most 10,000 rows. */
export async function every<T>(read: (cursor?: string) => Promise<{ items: T[]; next?: string | null }>): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST; page++) {
    const answer = await read(cursor);
    found.push(...answer.items);
    if (!answer.next) break;
    cursor = answer.next;
  }
  return found;
}

export const everybody = (): Promise<Person[]> => every((cursor) => get("/api/v1/people", { query: { limit: PAGE, cursor } }));
export const everyPost = (): Promise<Holder[]> => every((cursor) => get("/api/v1/posts", { query: { limit: PAGE, cursor } }));

/** No word about who cannot be read: the caller shows ids then. */
export const everybodyOrNone = (): Promise<Person[]> => everybody().catch(() => []);
