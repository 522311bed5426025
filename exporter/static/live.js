// Renews the parts of a page that are marked data-live, and searches while somebody types. The page works without.
"use strict";
(() => {
  const EVERY = 10000, TYPING = 200;
  const form = document.getElementById("search"), news = document.getElementById("news");
  const hold = document.getElementById("hold"), submit = form.querySelector("button:not([type])");
  let timer = 0, request = null, isHeld = false;

  const parts = (page) => page.querySelectorAll("[data-live]");
  const key = (element) => element.id || element.getAttribute("href") || element.textContent;

  // What somebody is copying must not be taken from under the pointer.
  const isSelecting = () => {
    const selection = getSelection();
    return !selection.isCollapsed && [...parts(document)].some((part) => selection.containsNode(part, true));
  };

  const exchange = (page) => {
    const old = document.activeElement;
    for (const part of parts(document)) {
      const fresh = page.getElementById(part.id);
      if (!fresh || fresh.isEqualNode(part)) continue;
      const focused = part.contains(old) ? key(old) : null;
      part.replaceChildren(...fresh.childNodes);
      if (focused === null) continue;
      const again = [...part.querySelectorAll("a, summary")].find((element) => key(element) === focused);
      if (again) again.focus({ preventScroll: true });
    }
    document.title = page.title;
  };

  const stylesheet = (page) => page.querySelector("link[rel=stylesheet]").getAttribute("href");

  const renew = async () => {
    clearTimeout(timer);
    if (request) request.abort();
    const mine = request = new AbortController();
    try {
      const answer = await fetch(location.href, { signal: mine.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (stylesheet(page) !== stylesheet(document)) return location.reload(); // another version answers
      exchange(page);
      news.textContent = `Updated ${new Date().toLocaleTimeString()}`;
      news.classList.remove("bad");
      news.removeAttribute("role");
    } catch (error) {
      if (error.name === "AbortError") return;
      news.textContent = "Not updated: the exporter does not answer";
      news.classList.add("bad");
      news.setAttribute("role", "alert");
    }
    wait();
  };

  const wait = () => {
    clearTimeout(timer);
    if (isHeld || document.hidden) return;
    timer = setTimeout(() => (isSelecting() ? wait() : renew()), EVERY);
  };

  const search = () => {
    const given = [...new FormData(form)].filter(([, value]) => value);
    const query = new URLSearchParams(given).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
    renew();
  };

  form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
  form.addEventListener("change", search);
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, TYPING); });
  hold.addEventListener("click", () => {
    isHeld = !isHeld;
    hold.setAttribute("aria-pressed", String(isHeld));
    isHeld ? clearTimeout(timer) : renew();
  });
  document.addEventListener("visibilitychange", () => (document.hidden || isHeld ? clearTimeout(timer) : renew()));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || form.contains(event.target)) return;
    event.preventDefault();
    form.elements.q.focus();
  });
  submit.hidden = true;
  news.hidden = hold.hidden = false;
  wait();
})();
