// Sends what is made of a case: once however often the button is pressed, and what went wrong is said in the dialog.
import { ref } from "vue";
import { Refused, newKey } from "../api/client";
import type { Incident } from "../api/types";
import { refreshed } from "../state/board";
import { board } from "../state/live";
import { say } from "../state/say";
import { w } from "../words";

/** `unsent`: what it means when the service does not answer. */
export function useSending(unsent = () => w("unreachable")) {
  const busy = ref(false);
  const problem = ref("");
  const key = newKey();

  async function send(work: (key: string) => Promise<Incident>, word: (after: Incident) => string): Promise<Incident | null> {
    if (busy.value) return null;
    busy.value = true;
    problem.value = "";
    try {
      const after = await work(key);
      board.value = refreshed(board.value, after, board.value.seq);
      say(word(after));
      return after;
    } catch (error) {
      problem.value = error instanceof Refused ? [error.message, ...error.errors.map((each) => each.detail)].join("\n") : unsent();
      return null;
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, send };
}
