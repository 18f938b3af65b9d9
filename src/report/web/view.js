// What the page of `skillgrad view` adds to a report: it asks its server what is new, and says where the run stands.
"use strict";
(() => {
  const PAUSE = 1000, LONG_PAUSE = 4000, TRIES = 3;
  const first = JSON.parse(document.getElementById("view").textContent);
  let shown = first.version, misses = 0;
  const node = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  };
  const words = { working: "at work", finished: "finished", stopped: "stopped", interrupted: "not at work" };
  const ends = {
    finished: "The run has come to its end.", stopped: "The run was stopped; `skillgrad resume RUN` goes on with it.",
    interrupted: "No process works on the run, and it has no result; `skillgrad resume RUN` goes on with it.",
  };
  const money = (cost) => (cost === null ? "cost unknown" : "$" + cost.toFixed(4));

  const state = node("span", "badge none"), stage = node("b", "stage others"), next = node("span", "soft others"), figures = node("span", "figs soft num");
  const parts = node("ol", "parts"), trouble = node("p", "problem"), spoken = node("p", "visually-hidden");
  spoken.setAttribute("role", "status");
  trouble.setAttribute("role", "alert");
  const bar = node("div", "live", node("div", "wrap", node("p", "now", state, stage, next), node("div", "beside", parts, figures), trouble), spoken);
  bar.setAttribute("role", "region");
  bar.setAttribute("aria-label", "Where the run stands");
  document.querySelector(".top").after(bar);

  const set = (place, text) => { if (place.textContent !== text) place.textContent = text; };
  const tell = (status) => {
    const asks = status.condition === "working" && status.asks !== undefined && status.asks !== null;
    const kind = asks ? "mix" : { working: "busy", finished: "good", stopped: "bad", interrupted: "bad" }[status.condition];
    if (state.className !== "badge " + kind) state.className = "badge " + kind;
    set(state, asks ? "waits for a person" : words[status.condition]);
    set(stage, status.condition === "working" ? status.stage ?? "starting" : status.ended ?? ends[status.condition]);
    set(next, status.next ? "then " + status.next : "");
    set(figures, [status.condition === "working" && status.tally, status.iterations && `${status.iterations_done} of ${status.iterations} iterations`, `${status.rollouts} rollouts`, money(status.cost_usd)].filter(Boolean).join(" · "));
    const drawn = JSON.stringify([status.parts, status.condition]);
    if (parts.dataset.drawn !== drawn) {
      parts.dataset.drawn = drawn;
      parts.hidden = status.parts.length === 0;
      parts.replaceChildren(...status.parts.map((part) => {
        const item = node("li", part.state, node("span", "mark", { done: "✓", now: "●", ahead: "○" }[part.state]), part.name);
        if (part.state === "now") item.setAttribute("aria-current", "step");
        return item;
      }));
    }
    set(trouble, status.problem ? "The run cannot be read now: " + status.problem : "");
    // Said when it changes in kind, not with every rollout.
    set(spoken, `${words[status.condition]}: ${status.condition === "working" ? status.stage ?? "starting" : status.ended ?? ends[status.condition]}`);
    const name = document.getElementById("run-name").textContent;
    const title = `${status.condition === "working" ? status.stage ?? "starting" : words[status.condition]} – ${name || "run"}`;
    if (document.title !== title) document.title = title;
    document.documentElement.dataset.condition = status.condition;
  };

  const ask = async (what) => {
    const answer = await fetch(what, { credentials: "omit", redirect: "error", cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };
  const endsHere = () => set(trouble, "The program that serves this page ends; what you see stays.");
  const look = async () => {
    let now;
    try {
      now = await ask("version");
      if (now.version !== shown) {
        now = await ask("data");
        globalThis.reportPage.show(now.blocks);
        shown = now.version;
        document.documentElement.dataset.version = shown;
      }
      misses = 0;
      // The page of the patch's review stands at this address now.
      if (now.asks_here && now.status.asks !== null && now.status.condition === "working") return location.reload();
    } catch (error) {
      if (++misses < TRIES) return setTimeout(look, PAUSE);
      set(trouble, "The program that serves this page has ended; `skillgrad view RUN` shows the run again, at another address.");
      document.documentElement.dataset.condition = "gone";
      return undefined;
    }
    tell(now.status);
    if (!now.again) return endsHere();
    return setTimeout(look, document.hidden || now.status.condition !== "working" ? LONG_PAUSE : PAUSE);
  };
  document.documentElement.dataset.version = shown;
  tell(first.status);
  if (first.again) setTimeout(look, PAUSE);
  else endsHere();
})();
