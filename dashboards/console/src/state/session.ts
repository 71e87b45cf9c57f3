// Who is signed in, and what they may ask for.
import { computed, shallowRef } from "vue";
import { Refused, bearer, get, session as sessionCall, setToken } from "../api/client";
import type { Session } from "../api/types";
import { setClock } from "./clock";

export const session = shallowRef<Session | null>(null);
/** False until we know whether this browser is signed in. */
export const known = shallowRef(false);

/** How the service calls whoever is signed in, as an actor. */
export const me = computed(() => session.value?.person ?? session.value?.name ?? "");

export const mayAct = computed(() => may("respond"));

export const may = (act: Session["acts"][number]): boolean => session.value?.acts.includes(act) ?? false;

/** Reads who this browser is; false where it is nobody. Throws where the service does not answer. */
export async function restore(): Promise<boolean> {
  try {
    const found = await get("/api/v1/session");
    setClock(found.timezone, found.now);
    session.value = found;
    return true;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      if (bearer()) setToken("");
      session.value = null;
      return false;
    }
    throw error;
  } finally {
    known.value = true;
  }
}

export async function signInByToken(token: string): Promise<boolean> {
  setToken(token);
  return restore();
}

export async function signInByPassword(name: string, password: string): Promise<boolean> {
  setToken("");
  await sessionCall("POST", { name, password });
  return restore();
}

export async function signOut(): Promise<void> {
  const byCookie = !bearer();
  setToken("");
  session.value = null;
  if (byCookie) await sessionCall("DELETE").catch(() => undefined);
}

/** The token of a demonstration, or null where this is none. */
export async function demoToken(): Promise<string | null> {
  try {
    return (await get("/api/v1/session/demo")).token;
  } catch {
    return null;
  }
}
