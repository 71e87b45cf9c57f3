// Shows what is pushed, and brings the phone's page to the front. Caches nothing: an old picture is no picture.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data ? event.data.json() : {};
  } catch {
    // Whatever came, something is shown: a browser takes silent pushes for abuse.
  }
  const options = {
    body: said.text || "",
    tag: said.tag || "shouwang",
    renotify: Boolean(said.urgent),
    requireInteraction: Boolean(said.urgent),
    vibrate: said.urgent ? [300, 120, 300, 120, 300] : undefined,
    icon: "/icon.svg",
    lang: "zh-CN",
    data: { url: said.url || "/duty" },
  };
  event.waitUntil(self.registration.showNotification("守望", options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data.url, self.location.origin);
  const url = wanted.origin === self.location.origin ? wanted.href : new URL("/duty", self.location.origin).href;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((open) => {
      const here = open.find((each) => new URL(each.url).pathname === "/duty");
      return here ? here.focus() : self.clients.openWindow(url);
    }),
  );
});
