// A form of the service in a tab of its own, to be printed.
import { fileAt } from "../api/client";
import { w } from "../words";

export type Form = "duty" | "fire" | "fault" | "patrol";

/** Must be called from a press: browsers open no tab before. Returns what went wrong, empty where nothing did. */
export async function openForm(form: Form, since: string): Promise<string> {
  const page = window.open("", "_blank");
  if (!page) return w("handover.popup");
  try {
    page.location.href = URL.createObjectURL(await fileAt(`/api/v1/reports/print/${form}?from=${encodeURIComponent(since)}`));
    return "";
  } catch (error) {
    page.close();
    return error instanceof Error ? error.message : w("unreachable");
  }
}
