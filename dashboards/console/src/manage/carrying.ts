// A board whose rows are made and ended in dialogs: one act at a time, then dialogs close and the list is read again.
import { ref, shallowRef } from "vue";
import type { Ref, ShallowRef } from "vue";
import { Refused } from "../api/client";
import { say } from "../state/say";
import { w } from "../words";

export interface Carrying<Row> {
  /** Counts the changes: the list is read again at each. */
  turn: Ref<number>;
  busy: Ref<boolean>;
  /** Whether the dialog of a new or changed row is open, and the row that is asked about before it ends. */
  making: Ref<boolean>;
  ending: ShallowRef<Row | null>;
  /** Does it; what the service refuses is said, and the dialog stays. */
  carry: (what: () => Promise<void>) => Promise<void>;
}

export function carrying<Row>(): Carrying<Row> {
  const turn = ref(0);
  const busy = ref(false);
  const making = ref(false);
  const ending = shallowRef<Row | null>(null);
  async function carry(what: () => Promise<void>): Promise<void> {
    busy.value = true;
    try {
      await what();
      making.value = false;
      ending.value = null;
      turn.value++;
    } catch (error) {
      say(error instanceof Refused ? [error.message, ...error.errors.map((each) => each.detail)].join(w("semicolon")) : w("unreachable"), true);
    } finally {
      busy.value = false;
    }
  }
  return { turn, busy, making, ending, carry };
}
