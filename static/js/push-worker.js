// The service worker: shows what the portal pushes, and opens the page that it is about.
self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  event.waitUntil(self.registration.showNotification(told.title || "", { body: told.body || "", tag: told.tag || "", data: { url: told.url || "/" }, icon: "/static/favicon.svg" }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = new URL(event.notification.data?.url || "/", self.location.origin);
  if (address.origin !== self.location.origin) return;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((pages) => {
      const open = pages.find((page) => page.url === address.href);
      return open ? open.focus() : self.clients.openWindow(address.href);
    }),
  );
});
