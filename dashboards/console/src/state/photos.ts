// Photos from a phone: made small here, and kept in this browser until there is a network. IndexedDB works over plain HTTP,
// and holds what the storage of acts is too small for.
const LONGEST = 1600; // pixels of the longer edge: a meter's digits and a burnt socket can be read
const QUALITY = 0.8;
const LARGEST = 8 << 20; // what the service takes
const MOST = 20; // photos that wait at a time
const BASE = "shouwang.photos";
const STORE = "photos";

/** More photos wait than a phone should hold. */
export class TooMany extends Error {}
/** Not a picture, or larger than the service takes. */
export class NoPicture extends Error {}

/** The picture as a JPEG of at most 1600 pixels; as it is where this browser cannot draw it and it is small enough. */
export async function shrink(file: Blob): Promise<Blob> {
  try {
    const drawn = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(drawn.width, drawn.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(drawn.width * scale));
    canvas.height = Math.max(1, Math.round(drawn.height * scale));
    canvas.getContext("2d")?.drawImage(drawn, 0, 0, canvas.width, canvas.height);
    drawn.close();
    const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (made) return made;
  } catch {
    // An old browser, or a format of another maker's phone: the service looks at it itself.
  }
  if (!file.type.startsWith("image/") || file.size > LARGEST) throw new NoPicture();
  return file;
}

const memory = new Map<string, Blob>(); // where the browser keeps no base (private windows): until the page is closed

export async function keepPhoto(key: string, photo: Blob): Promise<void> {
  if (memory.size >= MOST) throw new TooMany();
  memory.set(key, photo);
  await inStore("readwrite", async (store) => {
    if ((await done(store.count())) >= MOST) throw new TooMany();
    await done(store.put(photo, key));
  }).catch((error: Error) => {
    if (!(error instanceof TooMany)) return;
    memory.delete(key);
    throw error;
  });
}

export async function photoOf(key: string): Promise<Blob | null> {
  const held = memory.get(key);
  if (held) return held;
  return (await inStore("readonly", (store) => done(store.get(key) as IDBRequest<Blob | undefined>)).catch(() => undefined)) ?? null;
}

export async function dropPhoto(key: string): Promise<void> {
  memory.delete(key);
  await inStore("readwrite", (store) => done(store.delete(key))).catch(() => undefined);
}

/** As an address that an image may have here. */
export const asAddress = (photo: Blob): Promise<string> =>
  new Promise((read, fail) => {
    const reader = new FileReader();
    reader.onload = () => read(String(reader.result));
    reader.onerror = () => fail(new NoPicture());
    reader.readAsDataURL(photo);
  });

async function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const opening = indexedDB.open(BASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const base = await done(opening);
  try {
    return await work(base.transaction(STORE, mode).objectStore(STORE));
  } finally {
    base.close();
  }
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((take, fail) => {
    request.onsuccess = () => take(request.result);
    request.onerror = () => fail(request.error ?? new Error("the browser's store failed"));
  });
