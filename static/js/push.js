// This device hears notices: asks the browser, then tells the portal which subscription it got.
(() => {
  const part = document.querySelector("[data-push]");
  if (!part) return;
  const button = part.querySelector("[data-push-on]"), line = part.querySelector("[data-push-line]");
  const say = (what) => { line.textContent = line.dataset[what]; line.hidden = !line.textContent; };
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) { button.hidden = true; say("cannot"); return; }
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const plain = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const name = () => {
    const known = [["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]].find(([mark]) => navigator.userAgent.includes(mark));
    const system = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]].find(([mark]) => navigator.userAgent.includes(mark));
    return [known?.[1], system?.[1]].filter(Boolean).join(", ");
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    say("wait");
    try {
      if ((await Notification.requestPermission()) !== "granted") { say("denied"); return; }
      const worker = await navigator.serviceWorker.register(part.dataset.worker, { scope: "/" });
      await navigator.serviceWorker.ready;
      const old = await worker.pushManager.getSubscription();
      if (old) await old.unsubscribe();
      const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(part.dataset.push) });
      const form = part.querySelector("form[data-push-form]");
      form.elements.endpoint.value = made.endpoint;
      form.elements.p256dh.value = plain(made.getKey("p256dh"));
      form.elements.auth.value = plain(made.getKey("auth"));
      form.elements.name.value = name();
      form.requestSubmit();
    } catch {
      say("failed");
    } finally {
      button.disabled = false;
    }
  });
})();
