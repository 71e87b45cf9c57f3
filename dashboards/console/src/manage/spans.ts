// Spans of the past that records are read and printed of.
import { now } from "../state/clock";

/** In days. */
export const SPANS = { day: 1, week: 7, month: 31 } as const;

/** When a span that ends now began. */
export const begun = (span: keyof typeof SPANS): string => new Date(now() - SPANS[span] * 86_400_000).toISOString();
