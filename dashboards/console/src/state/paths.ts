// A place's id is its path. Pure.

/** It, then all that it stands in, the nearest first. */
export function ancestors(place: string): string[] {
  const parts = place.split("/");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
}
