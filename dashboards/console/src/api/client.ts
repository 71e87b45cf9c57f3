// Talking to the service, typed by its own OpenAPI document. A token goes in a header; a user's session is a cookie.
import { language } from "../words";
import { refusal } from "../words/refusals";
import type { paths } from "./schema";

type Json<R> = R extends { content: { "application/json": infer B } } ? B : never;
type Answer<O> = O extends { responses: infer R } ? { [K in keyof R]: K extends 200 | 201 | 202 ? Json<R[K]> : never }[keyof R] : never;
type Having<M extends string> = { [P in keyof paths]: paths[P] extends { [K in M]: { responses: unknown } } ? P : never }[keyof paths] & string;
type Op<P extends keyof paths, M extends string> = paths[P] extends { [K in M]: infer O } ? O : never;
type Sent<O> = O extends { requestBody?: infer R } ? (NonNullable<R> extends { content: { "application/json": infer B } } ? B : undefined) : undefined;
type Query<O> = O extends { parameters: { query?: infer Q } } ? NonNullable<Q> : Record<string, never>;

export type GetPath = Having<"get">;
export type PostPath = Having<"post">;
export type PatchPath = Having<"patch">;
export type PutPath = Having<"put">;
export type DeletePath = Having<"delete">;
export type GetAnswer<P extends GetPath> = Answer<Op<P, "get">>;

interface Where<Q> {
  path?: Record<string, string>;
  query?: Q;
  signal?: AbortSignal;
  key?: string;
  etag?: string;
}

/** The service said no; `message` is for people, in their language. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors: { pointer: string; detail: string }[] = [],
  ) {
    super(message);
  }
}

const KEY = "shouwang.token";
const TIMEOUT = 10_000;
let token = localStorage.getItem(KEY) ?? "";

export const bearer = (): string => token;

export function setToken(next: string): void {
  token = next;
  if (next) localStorage.setItem(KEY, next);
  else localStorage.removeItem(KEY);
}

export function headers(): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : { "X-Requested-With": "shouwang" };
}

export const get = <P extends GetPath>(path: P, where: Where<Query<Op<P, "get">>> = {}): Promise<GetAnswer<P>> =>
  send("GET", path, where) as Promise<GetAnswer<P>>;

export const post = <P extends PostPath>(path: P, body: Sent<Op<P, "post">>, where: Where<never> = {}): Promise<Answer<Op<P, "post">>> =>
  send("POST", path, where, body) as Promise<Answer<Op<P, "post">>>;

export const patch = <P extends PatchPath>(path: P, body: Sent<Op<P, "patch">>, where: Where<never> = {}): Promise<Answer<Op<P, "patch">>> =>
  send("PATCH", path, where, body) as Promise<Answer<Op<P, "patch">>>;

export const put = <P extends PutPath>(path: P, body: Sent<Op<P, "put">>, where: Where<never> = {}): Promise<Answer<Op<P, "put">>> =>
  send("PUT", path, where, body) as Promise<Answer<Op<P, "put">>>;

export const remove = (path: DeletePath, where: Where<never> & { body?: object } = {}): Promise<unknown> => send("DELETE", path, where, where.body);

/** A POST to a path with its ids in it, as one that waited for a network has it. */
export const postTo = (path: string, body: object, key: string): Promise<unknown> => send("POST", path, { key }, body);

/** A file as the whole body of a POST to a path with its ids in it, as one that waited for a network has it. */
export const uploadTo = (path: string, file: Blob, key: string): Promise<unknown> => send("POST", path, { key, signal: AbortSignal.timeout(60_000) }, file);

/** The content of a file that the service keeps. */
export async function fileAt(path: string): Promise<Blob> {
  const answer = await fetch(path, { headers: headers(), signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) throw refused(answer, await answer.json().catch(() => null));
  return answer.blob();
}

/** A file as the whole body. */
export const upload = <P extends PostPath>(path: P, file: Blob, query: Record<string, unknown>): Promise<Answer<Op<P, "post">>> =>
  send("POST", path, { query, signal: AbortSignal.timeout(120_000) }, file) as Promise<Answer<Op<P, "post">>>;

/** The same by PUT, to a path with ids in it. */
export const putFile = <P extends PutPath>(path: P, file: Blob, where: Where<never>): Promise<Answer<Op<P, "put">>> =>
  send("PUT", path, { ...where, signal: AbortSignal.timeout(120_000) }, file) as Promise<Answer<Op<P, "put">>>;

/** A picture as an address that an image may show, whoever is signed in and however. */
export async function picture(path: GetPath, where: { path?: Record<string, string>; query?: object }): Promise<string> {
  const answer = await fetch(address(path, where), { headers: headers(), signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) throw refused(answer, await answer.json().catch(() => null));
  const content = await answer.blob();
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(content);
  });
}

/** A file that the service makes, saved by the browser under a name. */
export async function download(path: GetPath, query: Record<string, unknown>, name: string): Promise<void> {
  const answer = await fetch(address(path, { query }), { headers: headers(), signal: AbortSignal.timeout(120_000) });
  if (!answer.ok) throw refused(answer, await answer.json().catch(() => null));
  saveFile(await answer.blob(), name);
}

/** A content, saved by the browser under a name. */
export function saveFile(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Ends or starts a session by cookie; answers with nothing. */
export const session = (method: "POST" | "DELETE", body?: { name: string; password: string }): Promise<unknown> =>
  send(method, "/api/v1/session", {}, body);

async function send(method: string, path: string, where: Where<object>, body?: unknown): Promise<unknown> {
  const asked: Record<string, string> = headers();
  const isFile = body instanceof Blob;
  if (body !== undefined) asked["Content-Type"] = isFile ? "application/octet-stream" : "application/json";
  if (where.key) asked["Idempotency-Key"] = where.key;
  if (where.etag) asked["If-Match"] = where.etag;
  const answer = await fetch(address(path, where), {
    method,
    headers: asked,
    body: body === undefined ? null : isFile ? body : JSON.stringify(body),
    signal: where.signal ?? AbortSignal.timeout(TIMEOUT),
  });
  const text = await answer.text();
  const document = text ? JSON.parse(text) : null;
  const isReadiness = path === "/health/ready" && document?.reasons;
  if (!answer.ok && !isReadiness) throw refused(answer, document);
  return document;
}

function refused(answer: Response, problem: { code?: string; detail?: string; title?: string; errors?: Refused["errors"] } | null): Refused {
  const detail = problem?.detail ?? problem?.title ?? answer.statusText;
  return new Refused(answer.status, language.value === "zh" ? refusal(problem?.code, detail) : detail, problem?.errors ?? []);
}

export function address(path: string, where: { path?: Record<string, string>; query?: object }): string {
  // Ids of places and devices hold slashes, which the service wants as they are.
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => (where.path?.[name] ?? "").split("/").map(encodeURIComponent).join("/"));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(where.query ?? {})) {
    if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${filled}?${text}` : filled;
}

/** A key for one act, so that repeating it does nothing more. `randomUUID` needs HTTPS; this does not. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
