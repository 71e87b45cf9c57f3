// A form of the service in a tab of its own, to be printed.
import { address, fileAt } from "../api/client";
import { w } from "../words";
import { session } from "./session";

export const FORMS = ["duty", "fire", "fault", "patrol"] as const;
export type Form = (typeof FORMS)[number];

/** Of one place, or of all that the caller sees. Must be called from a press: browsers open no tab before. Returns what
 * went wrong, empty where nothing did. */
export async function openForm(form: Form, from: string, place = ""): Promise<string> {
  const page = window.open("", "_blank");
  if (!page) return w("handover.popup");
  try {
    page.location.href = URL.createObjectURL(await fileAt(address(`/api/v1/reports/print/${form}`, { query: { from, place: place || session.value?.place } })));
    return "";
  } catch (error) {
    page.close();
    return error instanceof Error ? error.message : w("unreachable");
  }
}
