// Web push in this browser: only where the connection is a secure one, and only an extra beside the person's contacts.
import { ref } from "vue";
import { get, post, remove } from "../api/client";

/** `insecure`: HTTPS would add it · `none`: this browser has none (WeChat's) · `denied`: its owner said no. */
export type PushState = "unknown" | "insecure" | "none" | "denied" | "off" | "on";
export const pushing = ref<PushState>("unknown");
let registration: ServiceWorkerRegistration | null = null;

export async function lookAtPush(): Promise<void> {
  if (!window.isSecureContext) return void (pushing.value = "insecure");
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return void (pushing.value = "none");
  try {
    registration = await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
    const found = await registration.pushManager.getSubscription();
    pushing.value = found ? "on" : Notification.permission === "denied" ? "denied" : "off";
    if (found) await keep(found); // the service may have been set up anew since
  } catch {
    pushing.value = "none";
  }
}

/** Throws Refused, or the browser's own error. */
export async function turnOn(): Promise<void> {
  if (!registration) return;
  if ((await Notification.requestPermission()) !== "granted") return void (pushing.value = "denied");
  const { key } = await get("/api/v1/push/key");
  await keep(await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) }));
  pushing.value = "on";
}

export async function turnOff(): Promise<void> {
  const found = await registration?.pushManager.getSubscription();
  if (found) {
    await remove("/api/v1/push/subscriptions/{subscription_id}", { path: { subscription_id: await idOf(found.endpoint) } }).catch(() => undefined);
    await found.unsubscribe();
  }
  pushing.value = "off";
}

async function keep(found: PushSubscription): Promise<void> {
  const { endpoint, keys } = found.toJSON();
  await post("/api/v1/push/subscriptions", { endpoint: endpoint ?? "", keys: { p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" }, label: navigator.userAgent.slice(0, 100) });
}

/** As the service names a browser. Only called where the connection is secure, so that `subtle` is there. */
async function idOf(endpoint: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
  return Array.from(new Uint8Array(hash).slice(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}
