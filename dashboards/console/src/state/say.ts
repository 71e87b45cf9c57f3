// A short answer at the top of the screen, read aloud by screen readers.
import { reactive } from "vue";

export const said = reactive({ text: "", bad: false, on: false });
let quiet = 0;

export function say(text: string, bad = false): void {
  Object.assign(said, { text, bad, on: true });
  clearTimeout(quiet);
  quiet = window.setTimeout(() => (said.on = false), bad ? 7000 : 3500);
}
