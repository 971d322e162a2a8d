/*
 * Shared memory on hosts that cannot send isolation headers: registers coi-sw.js, which adds them, and reloads
 * once it rules the page (at most twice in a session, so that a browser that refuses is left alone).
 */
{
  const here = new URL('.', document.currentScript.src)
  const key = 'offload.isolation'
  const tries = () => Number(sessionStorage.getItem(key) ?? 0)
  if (!self.crossOriginIsolated && self.isSecureContext && 'serviceWorker' in navigator) {
    navigator.serviceWorker
      .register(new URL('coi-sw.js', here))
      .then(() => navigator.serviceWorker.ready)
      .then(() => {
        if (tries() >= 2) return
        sessionStorage.setItem(key, String(tries() + 1))
        location.reload()
      })
      .catch(() => {
        // no service worker (private window, policy): the page runs with one worker and says so
      })
  }
}
