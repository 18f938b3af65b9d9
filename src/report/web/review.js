// What the page of `skillgrad review --web` adds to a report: decisions about each change, kept by the server.
"use strict";
(() => {
  const review = JSON.parse(document.getElementById("review").textContent);
  const node = (name, props, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(props || {})) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (key === "class") made.className = value;
      else if (value !== null && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  };
  const words = { open: "open", accept: "accepted", reject: "rejected", edit: "edited" };
  let ended = false;

  const say = (place, text) => { place.textContent = text; };
  /** Asks the server to keep something; its answer, or null where it said why not in `place`. */
  const ask = async (what, body, place) => {
    say(place, "");
    try {
      const answer = await fetch(what, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), credentials: "omit", redirect: "error" });
      const value = await answer.json();
      if (value.ok) return value;
      say(place, value.error + (value.mend ? ": " + value.mend : ""));
    } catch {
      const again = review.waiting ? "`skillgrad resume RUN` goes on with the run and asks again, at another address" : "`skillgrad review RUN --web` starts it again";
      say(place, `The program that serves this page does not answer; was it stopped? ${again}, and what was decided is kept.`);
    }
    return null;
  };

  let last = Promise.resolve();
  /** One after the other: a comment that is left by a click on a button arrives before that click. */
  const keep = (what, body, place) => (last = last.then(() => ask(what, body, place)));

  const cards = new Map();
  const status = node("span", { class: "grow", role: "status" });
  const problem = node("span", { class: "problem", role: "alert" });
  const count = () => {
    const open = review.hunks.filter((hunk) => hunk.decision === "open").length;
    say(status, `${review.hunks.length - open} of ${review.hunks.length} decided` + (open ? `, ${open} open` : ""));
    for (const button of document.querySelectorAll(".decide button, .decide textarea, .decide input, .review-bar button, .review-bar input")) button.disabled = ended;
  };

  const card = (hunk, at, place) => {
    const error = node("p", { class: "problem", role: "alert" });
    const now = node("b", { class: "decision" });
    const comment = node("input", { type: "text", "aria-label": `Comment on ${hunk.id}`, placeholder: "Comment" });
    const text = node("textarea", { "aria-label": `Text of ${hunk.id}`, rows: "8", spellcheck: "false" });
    const editor = node("div", { class: "editor" }, text);
    editor.hidden = true;
    const send = async (decision, words) => {
      const answer = await keep("decide", { id: hunk.id, decision, comment: comment.value, ...(words === undefined ? {} : { text: words }) }, error);
      if (!answer) return;
      Object.assign(hunk, answer.hunk);
      editor.hidden = true;
      draw();
      count();
    };
    const button = (decision, label, onclick) => node("button", { type: "button", class: "btn", "data-decision": decision, "aria-pressed": "false", onclick }, label);
    const buttons = [
      button("accept", "Accept", () => send("accept")),
      button("reject", "Reject", () => send("reject")),
      hunk.editable && button("edit", "Edit…", () => { editor.hidden = !editor.hidden; if (!editor.hidden) { text.value = hunk.edited ?? hunk.text; text.focus(); } }),
      button("open", "Leave open", () => send("open")),
    ].filter(Boolean);
    editor.append(node("div", { class: "row" },
      node("button", { type: "button", class: "btn", "data-save": hunk.id, onclick: () => send("edit", text.value) }, "Accept as edited"),
      node("button", { type: "button", class: "btn", onclick: () => { editor.hidden = true; } }, "Cancel")));
    comment.value = hunk.comment;
    comment.addEventListener("change", () => (hunk.decision === "edit" ? send("edit", hunk.edited) : send(hunk.decision)));
    const edited = node("pre", { class: "edited others", tabindex: "0", "aria-label": `Edited text of ${hunk.id}` });
    const risks = node("ul", { class: "risks", "aria-label": "Risks" });
    const draw = () => {
      for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.decision === hunk.decision));
      say(now, words[hunk.decision]);
      place.dataset.decision = hunk.decision;
      edited.hidden = hunk.decision !== "edit";
      say(edited, hunk.edited_shown ?? "");
      risks.replaceChildren(...hunk.risks.map((risk) => node("li", {}, "⚠ ", risk.what + (risk.line ? ` (line ${risk.line})` : ""))));
      risks.hidden = hunk.risks.length === 0;
    };
    place.append(risks, node("div", { class: "row" }, node("span", { class: "which" }, hunk.id + ": ", now), ...buttons, comment), error, edited, editor);
    cards.set(hunk.id, send);
    draw();
  };
  for (const [at, hunk] of review.hunks.entries()) {
    const place = document.querySelector(`[data-hunk="${hunk.id}"]`);
    if (place) card(hunk, at, place);
  }

  const whole = node("input", { type: "text", "aria-label": "Comment on the whole", placeholder: "Comment on the whole" });
  whole.value = review.comment;
  whole.addEventListener("change", () => keep("comment", { comment: whole.value }, problem));
  const finish = async () => {
    const answer = await keep("finish", {}, problem);
    if (!answer) return;
    ended = true;
    count();
    say(status, answer.summary);
    document.documentElement.dataset.finished = "true";
    // Where a run waited, its page follows it from here.
    if (review.waiting) setTimeout(() => location.reload(), 700);
  };
  document.body.append(node("div", { class: "review-bar", role: "region", "aria-label": "Review" }, node("div", { class: "wrap row" },
    problem, whole, status,
    node("button", { type: "button", class: "btn", id: "accept-open", onclick: async () => { for (const hunk of review.hunks) if (hunk.decision === "open") await cards.get(hunk.id)?.("accept"); } }, "Accept all open"),
    node("button", { type: "button", class: "btn first", id: "finish", onclick: finish }, "Finish"))));
  document.documentElement.dataset.review = "true";
  count();
})();
