// 下一户: the room that an installer comes to after this one. Pure.

const number = (text: string): number => parseInt(text.replace(/\D+/g, ""), 10) || 0;

/** Rooms in the order of walking: by building and unit, floors upwards, rooms along the floor. */
export function inOrder(rooms: readonly string[]): string[] {
  const key = (path: string): number[] => path.split("/").map(number);
  return [...rooms].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    for (let at = 0; at < Math.max(left.length, right.length); at++) {
      const by = (left[at] ?? -1) - (right[at] ?? -1);
      if (by) return by;
    }
    return a.localeCompare(b);
  });
}

/** The room after this one; null after the last. */
export function nextRoom(rooms: readonly string[], room: string): string | null {
  const walked = inOrder(rooms);
  const at = walked.indexOf(room);
  return at < 0 ? null : (walked[at + 1] ?? null);
}
