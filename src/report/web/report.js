// The page of `skillgrad report`. Every text of others comes in through textContent: no HTML is parsed here.
"use strict";
(() => {
  // ---- data -------------------------------------------------------------------------------------
  const byId = (id) => document.getElementById(id);
  const parsed = new Map();
  /** A block of the page, parsed when it is first asked for. */
  const block = (id) => {
    if (!parsed.has(id)) parsed.set(id, JSON.parse(byId(id).textContent));
    return parsed.get(id);
  };
  const inReview = byId("review") !== null, follows = byId("view") !== null;
  // A page that follows a run gets them anew.
  let run = null, taskAt = new Map();
  const take = () => {
    run = block("data");
    taskAt = new Map(run.tasks.map((task, at) => [task.task_id, at]));
  };
  take();

  // ---- building blocks --------------------------------------------------------------------------
  const put = (node, children) => {
    for (const child of children.flat(9)) {
      if (child === null || child === undefined || child === false || child === "") continue;
      node.append(child instanceof Node ? child : String(child));
    }
    return node;
  };
  const el = (name, props, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(props || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key === "class") node.className = value;
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key in node && typeof value === "boolean") node[key] = value;
      else node.setAttribute(key, value);
    }
    return put(node, children);
  };
  const percent = (share, digits = 1) => (share === null || share === undefined ? "–" : (100 * share).toFixed(digits) + "\u00a0%");
  const signed = (share, digits = 1) => (share >= 0 ? "+" : "−") + Math.abs(100 * share).toFixed(digits);
  const points = (share) => signed(share) + " points";
  const usd = (cost) => (cost === null || cost === undefined ? "unknown" : "$" + (cost >= 100 ? cost.toFixed(2) : cost.toFixed(4)));
  const count = (n) => n.toLocaleString("en-US").replaceAll(",", "\u202f");
  const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  const since = (seconds) => {
    if (seconds === null || seconds === undefined) return "–";
    if (seconds < 60) return seconds.toFixed(1) + " s";
    const m = Math.round(seconds / 60);
    return m < 60 ? m + " min" : Math.floor(m / 60) + " h " + (m % 60) + " min";
  };
  const badge = (kind, mark, text) => el("span", { class: "badge " + kind }, el("span", { "aria-hidden": "true" }, mark), text);
  const decisionBadge = (decision) =>
    ({
      accepted: () => badge("good", "✓", "accepted"),
      rejected: () => badge("bad", "✗", "rejected"),
      undecided: () => badge("mix", "?", "undecided"),
      no_patch: () => badge("none", "–", "no patch"),
    })[decision]?.() ?? badge("none", "·", decision || "running");
  const statusBadge = (status) =>
    status === "pass" ? badge("good", "✓", "pass") : status === "error" ? badge("err", "!", "error") : badge("bad", "✗", status);
  const iterationName = (i) => (i === 0 ? "initial skill" : "iteration " + i);

  /** A table from column heads and rows; a head that begins with "#" is of a column of numbers. */
  const table = (heads, rows, label) =>
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label || "Table" },
      el("table", {},
        el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col", class: head.startsWith("#") ? "n" : null }, head.replace(/^#/, ""))))),
        el("tbody", {}, rows.map((row) =>
          el("tr", { class: row.total ? "total" : null }, (row.cells || row).map((cell, i) =>
            i === 0 ? el("th", { scope: "row" }, cell) : el("td", { class: heads[i].startsWith("#") ? "n" : null }, cell)))))));

  let sections = [];
  /** Takes the place of the section that was drawn before, or follows the one that was drawn last. */
  const section = (id, title, intro, ...children) => {
    const node = el("section", { id, "aria-labelledby": id + "-h" }, el("h2", { id: id + "-h" }, title), intro && el("p", { class: "intro" }, intro), children);
    const old = byId(id);
    if (old) old.replaceWith(node);
    else byId(sections[sections.length - 1][0]).after(node);
    sections.push([id, title]);
    return node;
  };

  const taskChip = (id) =>
    taskAt.has(id) ? el("button", { type: "button", class: "chip others", onclick: () => openTask(id) }, id) : el("span", { class: "chip others" }, id);
  const patternChip = (slug) => {
    const known = run.patterns.some((pattern) => pattern.slug === slug);
    return known
      ? el("a", { class: "chip tag others", href: "#pattern-" + slug, onclick: () => (byId("pattern-" + slug).open = true) }, slug)
      : el("span", { class: "chip tag others" }, slug);
  };
  const chips = (items) => (items.length ? el("ul", { class: "chips" }, items.map((item) => el("li", {}, item))) : null);

  // ---- verdict ----------------------------------------------------------------------------------
  const verdictKinds = {
    improved: ["good", "✓"], worse: ["bad", "✗"], "not shown": ["mix", "≈"], "not tested": ["none", "–"],
    pass: ["good", "✓"], fail: ["bad", "✗"], none: ["none", "–"],
  };
  const verdictColour = { good: "var(--good)", bad: "var(--bad)", mix: "var(--mix)", none: "var(--s8)" };

  /** The interval on a line, with 0 and the smallest difference that could have been shown. */
  const intervalLine = () => {
    const { difference, interval, could_show: could } = run.verdict;
    if (difference === null || !interval) return null;
    const most = Math.max(0.1, Math.abs(interval[0]), Math.abs(interval[1]), could !== null && could < 1 ? could : 0);
    const bound = Math.min(1, Math.ceil(most * 10 + 0.01) / 10);
    const at = (value) => ((Math.max(-bound, Math.min(bound, value)) + bound) / (2 * bound)) * 100 + "%";
    const [kind] = verdictKinds[run.verdict.verdict] || ["none"];
    const part = (name, style, text) => {
      const node = el("span", { class: name }, text);
      Object.assign(node.style, style);
      return node;
    };
    const node = el("div", { class: "span", role: "img", "aria-label": `Difference ${points(difference)}, interval from ${signed(interval[0])} to ${signed(interval[1])}` },
      part("axis", {}),
      could !== null && could < 1 && [part("could", { left: at(could) }), part("could", { left: at(-could) })],
      part("zero", { left: at(0) }),
      part("range", { left: at(interval[0]), width: `calc(${at(interval[1])} - ${at(interval[0])})`, background: verdictColour[kind] }),
      part("point", { left: at(difference), background: verdictColour[kind] }),
      part("tick low", { left: "0" }, points(-bound).replace(".0", "")), part("tick", { left: at(0) }, "no difference"), part("tick high", { left: "100%" }, points(bound).replace(".0", "")));
    return [node, could !== null && could < 1 && el("p", { class: "small-text soft" }, `Dotted: ${Math.round(100 * could)} points, the smallest true difference that ${plural(run.verdict.planned, "test task")} would mostly show.`)];
  };

  const tile = (name, value, small) => el("div", { class: "tile" }, el("dt", {}, name), el("dd", {}, value, small && el("small", {}, small)));

  const tiles = () => {
    const out = [];
    const { test, best, verdict, spent } = run;
    if (run.of === "eval" && test && test.after !== null)
      out.push(tile("Score", percent(test.after), test.after_ci95 && `${percent(test.after_ci95[0])} to ${percent(test.after_ci95[1])}`));
    if (verdict.difference !== null && verdict.interval)
      out.push(tile(run.of === "eval" ? "Difference" : "Difference on test", signed(verdict.difference),
        `points, ${signed(verdict.interval[0])} to ${signed(verdict.interval[1])}`));
    if (verdict.before !== null && verdict.after !== null)
      out.push(tile("Before → after", `${percent(verdict.before, 0)} → ${percent(verdict.after, 0)}`, run.of === "eval" ? "baseline, skill" : `${plural(verdict.n, "test task")}${verdict.missing ? `, ${verdict.missing} not graded` : ""}`));
    if (test && test.n && (run.of === "eval" || (best && best.iteration > 0))) out.push(tile("Fixed, broken", el("a", { href: "#tasks", onclick: () => showTasks("changed", run.of === "optimize" ? "test" : "") }, `${test.fixed}, ${test.broken}`), `of ${plural(test.n, "task")}`));
    if (run.steps.length) {
      const kept = run.steps.filter((step) => step.decision === "accepted").length;
      out.push(tile("Patches accepted", `${kept} of ${run.steps.length}`, best && (best.iteration ? `best: iteration ${best.iteration}` : "best: the initial skill")));
    }
    if (best && best.fresh_score !== null) out.push(tile("Validation, fresh", percent(best.fresh_score), best.score !== null && `${percent(best.score)} optimistic`));
    out.push(tile("Cost", usd(spent.cost_usd), `${count(spent.calls)} calls`));
    out.push(tile("Tokens", count(spent.input_tokens + spent.output_tokens), run.seconds !== null ? "in " + since(run.seconds) : null));
    return el("dl", { class: "tiles" }, out);
  };

  const banners = () => {
    const out = [];
    if (run.simulation)
      out.push(el("p", { class: "banner" }, el("b", {}, "Simulation. "), "These replies came from a scenario file, not from a model; the numbers say nothing about any model."));
    const words = {
      stopped: "This run was stopped before its end.", working: "This run is still at work; the page shows it as it was when it was written.",
      interrupted: "This run was interrupted and left no result; the page shows what it had finished.",
    };
    // A page that follows it says so itself, and its files are missing because it has not come to them.
    const followed = run.condition === "working" && (follows || waiting);
    if (followed) delete words.working;
    if (words[run.condition])
      out.push(el("div", { class: "banner bad" }, el("b", {}, words[run.condition]), run.error && el("p", { class: "others" }, run.error), run.mend && el("p", { class: "others" }, run.mend)));
    if (run.missing.length && !followed)
      out.push(el("div", { class: "banner bad" }, el("b", {}, "Not all of the run could be read:"), el("ul", {}, run.missing.map((text) => el("li", { class: "others" }, text)))));
    return out;
  };

  const waiting = inReview ? block("review").waiting : undefined;
  /** In the place of the verdict, where a run waits for a decision about a patch. */
  const fillApproval = () => {
    const [first, ...rest] = waiting.head.trim().split("\n");
    put(byId("banners"), banners());
    byId("kicker").textContent = "Approval";
    byId("verdict-h").textContent = first.charAt(0).toUpperCase() + first.slice(1);
    document.querySelector("#verdict > .lead").textContent = "Accept all of it, and the run goes on with it as it was measured. Take a part or edit it, and what you made of it is measured again. Reject all of it, and the next patches are told why.";
    put(byId("verdict-more"), [el("dl", { class: "facts panel" }, rest.map((line) => {
      const [, name, text] = /^(.*?): (.*)$/s.exec(line) || [null, "", line];
      return [el("dt", {}, name.charAt(0).toUpperCase() + name.slice(1)), el("dd", { class: "others" }, text)];
    }), [["Skill", run.skill], ["Model", run.model], ["Cost so far", usd(run.spent.cost_usd)]].map(([name, text]) => [el("dt", {}, name), el("dd", { class: "others" }, text)]))]);
    sections.push(["verdict", "Approval"]);
  };

  const fillVerdict = () => {
    const base = (path) => path.replace(/\/+$/, "").replace(/^.*\//, "");
    byId("run-name").textContent = base(run.skill || run.run);
    if (waiting) {
      fillApproval();
      return;
    }
    byId("banners").replaceChildren();
    put(byId("banners"), banners());
    const [kind, mark] = verdictKinds[run.verdict.verdict] || ["none", "–"];
    byId("kicker").textContent = { optimize: "Release verdict", eval: "Evaluation", calibrate: "Calibration" }[run.of] ?? "Run";
    document.querySelector("#verdict > .lead").textContent = run.verdict.explanation;
    // The sentence as it is, with its first word marked.
    const [, what, rest] = /^([^:]*:?)(.*)$/s.exec(run.verdict.line);
    if (run.of === "optimize") byId("verdict-h").replaceChildren(el("span", { class: "what " + kind }, el("span", { "aria-hidden": "true" }, mark + " "), what), rest);
    else byId("verdict-h").textContent = run.verdict.line;
    byId("verdict-more").replaceChildren();
    put(byId("verdict-more"), [
      intervalLine(), tiles(),
      el("details", { class: "data", open: false }, el("summary", {}, "About this run"),
        el("dl", { class: "facts panel" }, [
          ["Skill", run.skill], ["Benchmark", run.benchmark], ["Split", run.split], ["Model", run.model], ["Grading", run.grading], ["Recalculation", run.recalculation],
          ["Run", run.run], ["Best package", run.best && run.best.path], ["Ended", run.finished_at], ["Why", run.stop_reason], ["skillgrad", run.version],
        ].filter(([, value]) => value).map(([name, value]) => [el("dt", {}, name), el("dd", { class: "others" }, value)]))),
      run.missing.length > 0 && follows && run.condition === "working" && el("details", { class: "data", open: false }, el("summary", {}, "Not read yet"),
        el("ul", { class: "panel soft" }, run.missing.map((text) => el("li", { class: "others" }, text)))),
    ]);
    sections.push(["verdict", "Verdict"]);
  };

  // ---- charts -----------------------------------------------------------------------------------
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let charts = [];
  /** Series that were hidden by a click on their name, by chart and name. */
  const hidden = new Set();
  const shapes = {
    circle: (c, x, y, r) => c.arc(x, y, r, 0, 2 * Math.PI),
    square: (c, x, y, r) => c.rect(x - r * 0.9, y - r * 0.9, 1.8 * r, 1.8 * r),
    diamond: (c, x, y, r) => { c.moveTo(x, y - 1.3 * r); c.lineTo(x + 1.3 * r, y); c.lineTo(x, y + 1.3 * r); c.lineTo(x - 1.3 * r, y); c.closePath(); },
    triangle: (c, x, y, r) => { c.moveTo(x, y - 1.25 * r); c.lineTo(x + 1.2 * r, y + r); c.lineTo(x - 1.2 * r, y + r); c.closePath(); },
    dash: (c, x, y, r) => c.rect(x - r * 1.3, y - 1, 2.6 * r, 2),
  };
  const NS = "http://www.w3.org/2000/svg";
  const swatch = (shape, cssColour, hollow) => {
    const svg = document.createElementNS(NS, "svg");
    svg.setAttribute("viewBox", "0 0 16 12");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(NS, "path");
    path.setAttribute("d", { circle: "M3.5 6a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0", square: "M4 2h8v8h-8z", diamond: "M8 .8l5.2 5.2L8 11.2L2.8 6z", triangle: "M8 1l5.5 10h-11z", dash: "M2 5h12v2H2z" }[shape]);
    path.style.fill = hollow ? "none" : cssColour;
    path.style.stroke = cssColour;
    path.style.strokeWidth = "1.6";
    svg.append(path);
    return svg;
  };

  /** A chart of points over iterations. series: {name, colour, shape, line, dash, at: Map(x -> {y, low, high, hollow, text})}. */
  const pointChart = (holder, series, options) => {
    const xs = [...new Set(series.flatMap((one) => [...one.at.keys()]))].sort((a, b) => a - b);
    const nameOf = (one) => options.label + "/" + one.name;
    const shown = series.map((one) => !hidden.has(nameOf(one)));
    const legend = el("div", { class: "legend", role: "group", "aria-label": "Series" });
    const box = el("div", { class: "chart", role: "img", "aria-label": options.label });
    const readout = el("p", { class: "readout" }, options.hint || "");
    put(holder, [legend, box, readout]);
    let plot = null;
    const draw = (u) => {
      const c = u.ctx, ratio = devicePixelRatio;
      c.save();
      for (const [i, one] of series.entries()) {
        if (!shown[i]) continue;
        const ink = colour(one.colour);
        for (const [x, point] of one.at) {
          const px = u.valToPos(x, "x", true) + (one.shift || 0) * ratio, py = u.valToPos(point.y, "y", true);
          c.strokeStyle = c.fillStyle = ink;
          c.lineWidth = 1.6 * ratio;
          if (point.low !== undefined) {
            const top = u.valToPos(point.high, "y", true), bottom = u.valToPos(point.low, "y", true), w = 4 * ratio;
            c.beginPath();
            c.moveTo(px, top); c.lineTo(px, bottom);
            c.moveTo(px - w, top); c.lineTo(px + w, top);
            c.moveTo(px - w, bottom); c.lineTo(px + w, bottom);
            c.stroke();
          }
          c.beginPath();
          shapes[one.shape](c, px, py, 4.3 * ratio);
          if (point.hollow) { c.fillStyle = colour("--panel"); c.fill(); c.stroke(); } else c.fill();
        }
      }
      c.restore();
    };
    const make = () => {
      if (plot) plot.destroy();
      const width = Math.max(240, box.clientWidth);
      const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px " + colour("--sans"), labelFont: "12px " + colour("--sans") };
      const pad = options.padX ?? 0.35;
      plot = new uPlot({
        width, height: options.height || (width < 520 ? 250 : 310),
        padding: [12, 12, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: { x: { time: false, range: [xs[0] - pad, xs[xs.length - 1] + pad] }, y: { range: options.range } },
        axes: [
          { ...axis, size: 34, splits: () => { const step = Math.max(1, Math.ceil(xs.length / Math.max(2, width / 64))); return xs.filter((x, i) => i % step === 0 || i === xs.length - 1); }, values: (u, splits) => splits.map(options.xName) },
          { ...axis, size: 52, values: (u, splits) => splits.map(options.yName) },
        ],
        series: [{}, ...series.map((one, i) => ({
          show: shown[i], label: one.name, stroke: one.line ? colour(one.colour) : "transparent", width: one.line ? 1.8 : 0, dash: one.dash,
          points: { show: false }, spanGaps: true, paths: one.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
        }))],
        hooks: {
          draw: [draw],
          setCursor: [(u) => {
            const at = u.cursor.idx;
            if (at === null || at === undefined) { readout.textContent = options.hint || ""; return; }
            const parts = series.flatMap((one, i) => (shown[i] && one.at.has(xs[at]) ? [`${one.name} ${one.at.get(xs[at]).text}`] : []));
            readout.textContent = `${options.xLong(xs[at])}: ${parts.join(" · ") || "–"}`;
          }],
        },
      }, [xs, ...series.map((one) => xs.map((x) => one.at.get(x)?.y ?? null))], box);
    };
    put(legend, [...series.map((one, i) => el("button", {
      type: "button", "aria-pressed": String(shown[i]),
      onclick: (event) => {
        shown[i] = !shown[i];
        hidden[shown[i] ? "delete" : "add"](nameOf(one));
        event.currentTarget.setAttribute("aria-pressed", String(shown[i]));
        make();
      },
    }, swatch(one.shape, `var(${one.colour})`, one.hollow), one.name)), options.note]);
    make();
    if (options.table) holder.append(el("details", { class: "data" }, el("summary", {}, "The same as a table"),
      table(["Iteration", ...series.map((one) => "#" + one.name)], xs.map((x) => [options.xLong(x), ...series.map((one) => one.at.get(x)?.text ?? "–")]), options.label)));
    charts.push({ box, make, width: box.clientWidth, end: () => plot.destroy() });
  };
  const redraw = () => charts.forEach((chart) => chart.make());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let timer = 0;
  addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => charts.forEach((chart) => { if (chart.box.clientWidth !== chart.width) { chart.width = chart.box.clientWidth; chart.make(); } }), 120);
  });

  const fillScores = () => {
    if (!run.scores.length) return;
    const last = Math.max(0, ...run.steps.map((step) => step.iteration), ...run.scores.filter((point) => point.series !== "release").map((point) => point.iteration)) + 1;
    const looks = {
      base: ["initial skill, train split", "--s7", "square"], train: ["train batch, skill before", "--s8", "dash"], screen: ["screen: patch on its batch", "--s2", "triangle"],
      "gate before": ["validation: skill before", "--s5", "dash"], "gate after": ["validation: patch", "--s1", "circle"], fresh: ["fresh validation", "--s4", "diamond"], release: ["release test", "--s3", "square"],
    };
    const rows = new Map();
    const first = ["release", "gate after", "gate before", "fresh", "screen", "train", "base"];
    for (const point of [...run.scores].sort((a, b) => first.indexOf(a.series) - first.indexOf(b.series))) {
      const late = point.series === "release";
      const name = late ? (point.iteration === 0 ? "release before" : "release after") : point.series;
      if (!rows.has(name)) {
        const [label, ink, shape] = looks[point.series] || [point.series, "--s8", "circle"];
        rows.set(name, { name: late ? label + (point.iteration === 0 ? ", before" : ", after") : label, colour: name === "release before" ? "--s8" : ink, shape, line: point.series === "gate after", shift: name === "release before" ? -7 : name === "release after" ? 7 : 0, at: new Map() });
      }
      const entry = { y: point.score, hollow: point.optimistic, text: percent(point.score) + ` (n = ${point.n}${point.optimistic ? ", optimistic" : ""})` };
      if (late && point.interval) [entry.low, entry.high] = point.interval;
      rows.get(name).at.set(late ? last : point.iteration, entry);
    }
    const hasTest = run.scores.some((point) => point.series === "release");
    const panel = el("div", { class: "panel" });
    const node = section("scores", "Scores", "What each stage measured. Hollow points are optimistic: that very score made the choice, so it is too high. Only the release test, on tasks that nothing else scored, says how good the skill is.", panel);
    pointChart(panel, [...rows.values()], {
      label: "Scores by iteration; the table below has the same numbers", range: [-0.03, 1.03], yName: (value) => (value < 0 || value > 1.001 ? "" : Math.round(100 * value) + " %"),
      xName: (x) => (x === 0 ? "initial" : hasTest && x === last ? "test" : x), xLong: (x) => (hasTest && x === last ? "release test" : iterationName(x)),
      hint: "Point at the chart for values; a click on a name hides it.",
      note: run.scores.some((point) => point.optimistic) && el("span", { class: "note" }, swatch("circle", "var(--soft)", true), "hollow: optimistic"),
    });
    panel.append(el("details", { class: "data" }, el("summary", {}, "The same as a table"),
      table(["Score", "Iteration", "#Value", "#95 % interval", "#n", "Note"], run.scores.map((point) => [
        (looks[point.series] || [point.series])[0], point.iteration === 0 ? "initial" : String(point.iteration), percent(point.score),
        point.interval ? `${percent(point.interval[0])} to ${percent(point.interval[1])}` : "", String(point.n), point.optimistic ? "optimistic" : ""]), "Scores")));
    if (run.test && run.test.difference !== null && run.of === "optimize" && run.best && run.best.iteration > 0)
      node.append(el("p", { class: "small-text soft" },
        `All scored test tasks, as a plain comparison: ${points(run.test.difference)}${run.test.difference_ci95 ? ` [${signed(run.test.difference_ci95[0])}, ${signed(run.test.difference_ci95[1])}]` : ""}, ${run.test.fixed} fixed, ${run.test.broken} broken, n = ${run.test.n}. The verdict's own interval also allows for a test that may stop early.`));
  };

  // ---- changes ----------------------------------------------------------------------------------
  const diffLines = (lines) => el("div", { class: "diff", role: "group", "aria-label": "Changed lines", tabindex: "0" }, lines.map((line) => {
    const mark = line[0];
    return el("div", { class: mark === "+" ? "a" : mark === "-" ? "d" : "c" }, el("span", mark === "+" || mark === "-" ? { role: "img", "aria-label": mark === "+" ? "added" : "removed" } : {}, mark === "-" ? "−" : mark), el("span", { class: "others" }, line.slice(1) || " "));
  }));
  const diagnosesFor = (reason) => {
    const step = run.steps.find((one) => one.iteration === reason.iteration);
    if (!step) return [];
    return step.diagnoses.filter((one) => reason.tasks.includes(one.task_id)).flatMap((one) =>
      one.causes.filter((cause) => one.causes.length === 1 || cause.known === reason.pattern || cause.label === reason.line).map((cause) => ({ task: one.task_id, cause })));
  };
  const reasonCard = (reason) => {
    const found = diagnosesFor(reason);
    return el("div", {},
      el("div", {}, patternChip(reason.pattern), " ", el("a", { href: "#step-" + reason.iteration, class: "small-text nowrap", onclick: () => (byId("step-" + reason.iteration).open = true) }, "iteration " + reason.iteration)),
      el("p", { class: "others" }, reason.line || reason.reason),
      reason.tasks.length > 0 && [el("div", { class: "soft small-text" }, "Tasks that show it"), chips(reason.tasks.map(taskChip))],
      reason.against.length > 0 && [el("div", { class: "soft small-text" }, "Tasks that contradict it"), chips(reason.against.map(taskChip))],
      reason.inferred && el("p", { class: "small-text others" }, el("b", {}, "Inferred, shown by no task: "), reason.inferred),
      found.length > 0 && el("details", { class: "data" }, el("summary", {}, found.length === 1 ? "1 diagnosis" : `${found.length} diagnoses`),
        found.map(({ task, cause }) => el("p", { class: "small-text others" }, el("b", {}, task), ": ", cause.analysis))));
  };
  const layerNames = ["", "Front matter", "Body", "Other files"];
  const layerNotes = ["", "layer 1: always in the agent's context", "layer 2: read when the skill is activated", "layer 3: read file by file"];
  const changeCard = (change, decided = false) => el("article", { class: "change" },
    el("header", {}, el("b", { class: "others" }, change.file || "package"), change.anchor && el("span", { class: "others" }, change.anchor), change.new_line > 0 && el("span", { class: "soft" }, "line " + change.new_line)),
    diffLines(change.lines),
    el("div", { class: "why" }, change.reasons.length ? change.reasons.map(reasonCard) : el("p", { class: "soft" }, "The patch does not say why.")),
    inReview && decided && el("div", { class: "decide", "data-hunk": change.id }));

  const fillChanges = () => {
    if (run.of !== "optimize") return;
    const node = section("changes", waiting ? "Patch" : "Package", waiting ? `What the patch of iteration ${waiting.iteration} changes in the current skill; beside each change the pattern that it is about, the diagnoses behind it, and the tasks that showed it.` : run.changes.length ? "What the best package has that the initial one had not, by layer; beside each change the pattern that it is about, the diagnoses behind it, and the tasks that showed it." : null);
    if (!run.changes.length) {
      node.append(el("p", { class: "panel soft" }, run.condition === "working" ? "No patch has been kept so far: the package is the initial one." : "The best package is the initial one: nothing changed."));
      return;
    }
    for (const layer of [1, 2, 3]) {
      const changes = run.changes.filter((change) => change.layer === layer);
      const lines = (mark) => changes.reduce((n, change) => n + change.lines.filter((line) => line[0] === mark).length, 0);
      node.append(el("h3", { class: "layer-h" }, layerNames[layer], el("span", { class: "soft" }, layerNotes[layer]), el("span", { class: "soft num" }, changes.length ? `+${lines("+")} −${lines("-")} lines` : "unchanged")));
      put(node, changes.map((change) => changeCard(change, true)));
    }
    if (run.sizes.length > 1) {
      const panel = el("div", { class: "panel" }, el("h3", {}, "Size of the current skill"));
      node.append(panel);
      const of = (key) => new Map(run.sizes.map((size, i) => [i, { y: size[key], text: count(size[key]) + " tokens" }]));
      const most = Math.max(10, ...run.sizes.flatMap((size) => [size.l1, size.l2, size.l3]));
      pointChart(panel, [
        { name: "front matter", colour: "--s4", shape: "diamond", line: true, stepped: true, at: of("l1") },
        { name: "body", colour: "--s1", shape: "circle", line: true, stepped: true, at: of("l2") },
        { name: "other files", colour: "--s2", shape: "triangle", line: true, stepped: true, at: of("l3") },
      ], { label: "Tokens of each layer by iteration", table: true, height: 210, range: [0, most * 1.12], yName: (value) => count(value), xName: (x) => (x === 0 ? "initial" : x), xLong: (x) => "after " + (x === 0 ? "the start" : "iteration " + x), hint: "Tokens, estimated." });
    }
  };

  // ---- steps ------------------------------------------------------------------------------------
  /** What is drawn when somebody opens it: node to function. */
  const lazy = new WeakMap();
  const gateText = (step) => (step.gate && step.gate.n > 0 ? `${percent(step.gate.before, 0)} → ${percent(step.gate.after, 0)}` : "");
  const caseWords = { gap: "the skill lacks the rule", wrong: "the skill says something untrue", ignored: "the skill said it and was not followed", followed: "the skill led to it", chance: "chance" };
  const stepBody = (step) => {
    const gate = step.gate;
    const figures = [
      ["Train batch, skill before", step.train_score === null ? "–" : `${percent(step.train_score)} (n = ${step.train_n})`],
      gate && gate.better !== null && gate.better !== undefined && ["Chance that the patch helps", gate.better.toFixed(2)],
      gate && gate.n > 0 && ["Gate", [`${percent(gate.before)} → `, el("span", { class: step.decision === "accepted" ? "optim" : null, title: step.decision === "accepted" ? "optimistic: this score made the choice" : null }, percent(gate.after)), ` on ${gate.n} of ${plural(gate.planned, "validation task")}, ${gate.fixed} fixed, ${gate.broken} broken`]],
      gate && gate.lost && gate.lost.length > 0 && ["Broken for sure", chips(gate.lost.map(taskChip))],
      step.candidates > 0 && ["Candidates", `${step.candidates}; number ${step.candidate} was decided on`],
      step.size && ["Size afterwards", `${count(step.size.l1)} + ${count(step.size.l2)} + ${count(step.size.l3)} tokens`],
      ["Cost", usd(step.cost_usd)],
      step.pruned && ["Taking it back at the end", step.pruned],
      step.approval && ["Decided by a person", `${step.approval.outcome}: ${["accepted", "edited", "rejected"].filter((word) => step.approval.hunks[word]).map((word) => `${step.approval.hunks[word]} ${word}`).join(", ")}${step.approval.comment ? `; ${step.approval.comment}` : ""}`],
    ].filter(Boolean);
    return el("div", { class: "body" },
      el("dl", { class: "facts" }, figures.map(([name, value]) => [el("dt", {}, name), el("dd", { class: "others" }, value)])),
      step.batch.length > 0 && [el("h3", {}, "Batch"), chips(step.batch.map(taskChip))],
      step.screen.length > 1 && [el("h3", {}, "Screen"), table(["Package", "#Chance it helps", "#Expected fixes", "#Expected breaks", "#Rounds", "Note"],
        step.screen.map((row) => [el("code", {}, row.package), row.better?.toFixed(2) ?? "–", row.fixes?.toFixed(2) ?? "–", row.breaks?.toFixed(2) ?? "–", String(row.rounds), row.dropped ? "dropped" : ""]), "Screen")],
      step.diagnoses.length > 0 && [el("h3", {}, "Diagnoses"), step.diagnoses.map((one) => el("div", { class: "small-text" }, el("p", {}, taskChip(one.task_id), " ", one.kind === "contrastive" ? badge("good", "✓", "now right") : badge("bad", "✗", "failed")),
        one.causes.map((cause) => el("p", { class: "others" }, el("b", {}, cause.label), cause.case && el("span", { class: "soft" }, ` (${caseWords[cause.case] || cause.case})`), ". ", cause.analysis, cause.rule && el("span", {}, el("br"), el("span", { class: "soft" }, "Rule: "), cause.rule)))))],
      step.changes.length > 0 && [el("h3", {}, step.decision === "accepted" ? "What it changed" : "What it would have changed"), step.changes.map((change) => changeCard(change))]);
  };
  const fillSteps = () => {
    if (!run.steps.length) return;
    const list = run.steps.map((step) => {
      const fill = () => { if (lazy.delete(node)) node.append(stepBody(step)); };
      const node = el("details", { class: "step", id: "step-" + step.iteration, ontoggle: () => node.open && fill() },
        el("summary", {}, el("span", { class: "no" }, String(step.iteration)), el("span", {}, decisionBadge(step.decision)),
          el("span", { class: "sum others" }, step.summary || "no patch"),
          el("span", { class: "figs" }, gateText(step) && el("span", { class: "soft" }, "gate "), gateText(step) || el("span", { class: "soft" }, "no gate")),
          el("span", { class: "why others" }, step.reason)));
      lazy.set(node, fill);
      return node;
    });
    section("steps", "Steps", "Each iteration proposes patches from the failures of its batch, screens them on that batch and lets the gate decide on validation tasks. Open one for its diagnoses and lines.", el("div", { class: "steps" }, list));
  };

  // ---- tasks ------------------------------------------------------------------------------------
  const stateOf = (cell) => {
    if (!cell) return "notrun";
    if (cell.pass + cell.fail === 0) return "error";
    if (cell.fail === 0) return "pass";
    return cell.pass === 0 ? "fail" : "mixed";
  };
  const marks = { pass: "✓", fail: "✗", mixed: "±", error: "!", notrun: "·" };
  const names = { pass: "passed", fail: "failed", mixed: "passed and failed", error: "error", notrun: "not run" };
  const mark = (state) => el("span", { class: "st " + state, "aria-hidden": "true" }, marks[state]);
  const columnName = (column) => (column.iteration > 0 ? "iteration " + column.label : { base: "initial skill", test: "test", finalists: "finalists", prune: "pruning", eval: "evaluation" }[column.key] || column.label);
  const cellText = (before, after) => {
    const say = (cell) => names[stateOf(cell)] + (cell && cell.score !== null ? ` (${percent(cell.score, 0)} of ${cell.pass + cell.fail}${cell.error ? `, ${plural(cell.error, "error")}` : ""})` : "");
    if (before && after) return `${say(before)} before, ${say(after)} after`;
    return before || after ? say(before || after) + (after ? " after" : "") : "not run";
  };

  /** Sets the filter of the tasks from elsewhere on the page. */
  let showTasks = () => {};
  const filters = { text: "", split: "", show: "", sort: "" };
  const fillTasks = () => {
    if (!run.tasks.length) return;
    const columns = run.columns.map((column, at) => ({ ...column, at })).filter((column) => column.key !== "prune");
    const rows = run.tasks.map((task, at) => {
      const cells = new Map();
      for (const cell of task.cells) if (cell.arm !== "other") cells.set(cell.column + cell.arm, cell);
      const states = task.cells.map(stateOf);
      return { task, at, cells, error: states.includes("error"), fails: states.includes("fail") || states.includes("mixed"), run: states.length > 0, everPass: states.includes("pass") };
    });
    const search = el("input", { type: "search", id: "task-filter", placeholder: "part of a name", autocomplete: "off", spellcheck: "false" });
    const splitPick = el("select", {}, el("option", { value: "" }, "all splits"), [...new Set(run.tasks.map((task) => task.split).filter(Boolean))].map((name) => el("option", { value: name }, name)));
    const showPick = el("select", {}, [["", "all tasks"], ["changed", "fixed or broken"], ["broken", "broken"], ["fixed", "fixed"], ["fails", "any failure"], ["never", "never passed"], ["error", "any error"], ["notrun", "not run"]].map(([value, name]) => el("option", { value }, name)));
    const sortPick = el("select", {}, [["", "by split"], ["change", "changed first"], ["name", "by name"]].map(([value, name]) => el("option", { value }, name)));
    const counted = el("span", { class: "count", role: "status" });
    const body = el("tbody");
    const wants = { "": () => true, changed: (row) => row.task.change, broken: (row) => row.task.change === "broken", fixed: (row) => row.task.change === "fixed", fails: (row) => row.fails, never: (row) => row.run && !row.everPass, error: (row) => row.error, notrun: (row) => !row.run };
    const rank = { broken: 0, fixed: 1 };
    const order = {
      "": (a, b) => a.at - b.at,
      change: (a, b) => (rank[a.task.change] ?? 2) - (rank[b.task.change] ?? 2) || a.at - b.at,
      name: (a, b) => (a.task.task_id < b.task.task_id ? -1 : 1),
    };
    let shownRows = [];
    const rowNode = (row) => {
      if (row.node) return row.node;
      const { task } = row;
      row.node = el("tr", {},
        el("th", { scope: "row" }, el("button", { type: "button", class: "others", title: task.task_id, tabindex: "-1" }, task.task_id)),
        el("td", { class: "split" }, task.split),
        columns.map((column) => {
          const before = row.cells.get(column.at + "before"), after = row.cells.get(column.at + "after");
          const cell = el("td", { class: "cell", tabindex: "-1", "aria-label": `${columnName(column)}: ${cellText(before, after)}`, title: `${columnName(column)}: ${cellText(before, after)}` });
          const pair = el("span", { class: "pair" });
          if (before || !after) pair.append(mark(stateOf(before)));
          if (after) pair.append(mark(stateOf(after)));
          cell.append(pair);
          return cell;
        }),
        el("td", { class: "chg" }, task.change && el("span", { class: "chg-" + task.change }, task.change)));
      row.node.dataset.at = row.at;
      row.node.dataset.task = task.task_id;
      return row.node;
    };
    for (const [control, key] of [[search, "text"], [splitPick, "split"], [showPick, "show"], [sortPick, "sort"]]) control.value = filters[key];
    const update = () => {
      Object.assign(filters, { text: search.value, split: splitPick.value, show: showPick.value, sort: sortPick.value });
      const text = search.value.trim().toLowerCase();
      shownRows = rows.filter((row) => (!text || row.task.task_id.toLowerCase().includes(text)) && (!splitPick.value || row.task.split === splitPick.value) && wants[showPick.value](row)).sort(order[sortPick.value]);
      const nodes = shownRows.map(rowNode);
      nodes.forEach((node, i) => node.classList.toggle("new-split", !sortPick.value && i > 0 && shownRows[i].task.split !== shownRows[i - 1].task.split));
      body.replaceChildren(...nodes);
      counted.textContent = `${shownRows.length} of ${plural(rows.length, "task")}`;
      nothing.hidden = shownRows.length > 0;
      const first = body.querySelector("td.cell");
      if (first) first.tabIndex = 0;
    };
    const nothing = el("p", { class: "empty" }, "No task fits these filters.");
    nothing.hidden = true;
    for (const control of [splitPick, showPick, sortPick]) control.addEventListener("change", update);
    search.addEventListener("input", update);
    const grid = el("table", { class: "heat", role: "grid", "aria-label": "Outcome of each task in each stage" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Task"), el("th", { scope: "col", class: "split" }, "Split"), columns.map((column) => el("th", { scope: "col", title: columnName(column) }, column.label)), el("th", { scope: "col" }, "Change"))), body);
    const focusCell = (tr, at) => {
      const cells = tr && tr.querySelectorAll("td.cell");
      if (!cells || !cells.length) return;
      body.querySelectorAll('td.cell[tabindex="0"]').forEach((cell) => (cell.tabIndex = -1));
      const cell = cells[Math.max(0, Math.min(cells.length - 1, at))];
      cell.tabIndex = 0;
      cell.focus();
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    };
    grid.addEventListener("click", (event) => {
      const tr = event.target.closest("tbody tr");
      if (tr && event.target.closest("td.cell, th button")) openTask(run.tasks[+tr.dataset.at].task_id, shownRows.map((row) => row.task.task_id));
    });
    grid.addEventListener("keydown", (event) => {
      const cell = event.target.closest("td.cell");
      if (!cell) return;
      const tr = cell.parentElement, at = [...tr.querySelectorAll("td.cell")].indexOf(cell), all = [...body.children], row = all.indexOf(tr);
      const to = { ArrowUp: [row - 1, at], ArrowDown: [row + 1, at], ArrowLeft: [row, at - 1], ArrowRight: [row, at + 1], Home: [row, 0], End: [row, 999], PageUp: [Math.max(0, row - 15), at], PageDown: [Math.min(all.length - 1, row + 15), at] }[event.key];
      if (to) {
        event.preventDefault();
        focusCell(all[to[0]], to[1]);
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        openTask(run.tasks[+tr.dataset.at].task_id, shownRows.map((one) => one.task.task_id));
      }
    });
    showTasks = (what, split) => { search.value = ""; splitPick.value = [...splitPick.options].some((one) => one.value === split) ? split : ""; showPick.value = what; update(); };
    section("tasks", "Tasks", (run.of === "eval" ? "Each task: on the left the baseline, where there is one, on the right the skill." : "Each task in each stage: on the left the skill that the stage began with, on the right the one that it decided on.") + " Open a task for its answers, the differences that the grader found, and its trajectories before and after.",
      el("ul", { class: "key" }, Object.keys(marks).map((state) => el("li", {}, mark(state), names[state]))),
      el("div", { class: "filters" }, el("label", {}, "Find", search), el("label", {}, "Split", splitPick), el("label", {}, "Show", showPick), el("label", {}, "Order", sortPick), counted),
      el("div", { class: "heat-box" }, grid, nothing));
    update();
  };

  // ---- one task ---------------------------------------------------------------------------------
  const armName = (rollout) => {
    const column = run.columns[rollout.column];
    if (column.key === "base") return "initial skill";
    if (column.key === "eval") return rollout.arm === "before" ? "baseline" : "skill";
    return { before: "skill before", after: "patched", other: "other candidate" }[rollout.arm];
  };
  const kindNames = { message: "", reasoning: "thinks", tool_call: "calls", tool_output: "gets", error: "error" };
  const traceSide = (title, trace) => {
    if (!trace) return el("div", { class: "side" }, el("h4", {}, title), el("p", { class: "soft" }, "No trajectory here."));
    const { texts } = block("traces");
    return el("div", { class: "side" }, el("h4", {}, title, el("span", { class: "soft small-text" }, trace.label), statusBadge(trace.status)),
      el("ol", { class: "trace" }, trace.steps.map((step, i) => {
        const text = texts[step.text];
        const standing = text.length > (["system", "activate_skill", "read_reference"].includes(step.name) ? 240 : 1600);
        const pre = el("pre", { tabindex: "0" }, text);
        return el("li", { class: step.is_error ? "err" : null }, el("div", { class: "who" }, el("span", { class: "num" }, String(i + 1)), kindNames[step.kind], el("b", {}, step.name || step.kind), step.is_error && badge("err", "!", "error")),
          standing ? el("details", {}, el("summary", {}, `${count(text.length)} characters`), pre) : pre);
      })),
      el("p", { class: "soft small-text" }, "Whole: ", el("code", {}, trace.path + "/trajectory.jsonl")));
  };
  const rolloutRows = (rollouts) => table(["Stage", "Skill", "#Trial", "Outcome", "#Score", "Grader", "#Seconds", "#USD", "Package"], rollouts.map((one) => [
    columnName(run.columns[one.column]), armName(one), String(one.trial), statusBadge(one.status), one.score === null ? "–" : percent(one.score), el("span", { class: "others" }, one.message),
    one.seconds === null ? "–" : one.seconds.toFixed(1), one.cost_usd === null ? "–" : one.cost_usd.toFixed(4), el("code", {}, one.package)]), "Rollouts");

  const sideName = (side) => (["base", "eval"].includes(run.columns[side.column].key) ? "" : columnName(run.columns[side.column]) + ", ") + armName(side);
  /** Place by place: what was expected, and what each of the rollouts left there. */
  const differencesOf = (sides) => {
    const places = new Map();
    for (const side of sides) for (const one of side.differences || []) places.set(one.place, one.expected);
    if (!places.size) return null;
    const gotOf = (side, place) => {
      const found = (side.differences || []).find((one) => one.place === place);
      if (found) return el("span", { class: "mono others got" }, found.got);
      return side.status === "pass" ? badge("good", "✓", "as expected") : el("span", { class: "soft" }, "not told");
    };
    const cells = sides.some((side) => (side.differences || []).some((one) => one.cell));
    return [el("h3", {}, cells ? "Cells that differ" : "What differs"), el("div", { class: "diffs" }, table([cells ? "Cell" : "Place", "Expected", ...sides.map(sideName)],
      [...places].map(([place, expected]) => [el("span", { class: "mono others" }, place), el("span", { class: "mono others want" }, expected), ...sides.map((side) => gotOf(side, place))]), "Differences"))];
  };

  let order = [], current = null;
  const openTask = (id, ids) => {
    const at = taskAt.get(id);
    if (at === undefined) return;
    const dialog = byId("task"), task = run.tasks[at], rollouts = block("rollouts")[at], pair = block("traces").pairs[at];
    if (ids) order = ids;
    if (!order.includes(id)) order = run.tasks.map((one) => one.task_id);
    current = id;
    const place = order.indexOf(id);
    const step = (by) => { const next = order[place + by]; if (next !== undefined) openTask(next); };
    // The rollouts whose trajectories are shown, else the last ones of either skill.
    const shownOf = (arm, trace) => rollouts.find((one) => trace && one.path === trace.path) || rollouts.filter((one) => one.arm === arm).pop();
    const sides = [shownOf("before", pair[0]), shownOf("after", pair[1])].filter((one, i, all) => one && all.indexOf(one) === i);
    dialog.replaceChildren(
      el("div", { class: "dlg-h" }, el("h2", { id: "task-h", class: "others" }, id), task.split && el("span", { class: "badge none" }, task.split),
        task.change && badge(task.change === "fixed" ? "good" : "bad", task.change === "fixed" ? "✓" : "✗", task.change),
        el("span", { class: "soft small-text num" }, `${place + 1} of ${order.length}`),
        el("button", { type: "button", class: "btn", disabled: place <= 0, "aria-label": "Previous task", onclick: () => step(-1) }, "←"),
        el("button", { type: "button", class: "btn", disabled: place + 1 >= order.length, "aria-label": "Next task", onclick: () => step(1) }, "→"),
        el("button", { type: "button", class: "btn", onclick: () => dialog.close() }, "Close")),
      el("div", { class: "dlg-b", tabindex: "0", role: "region", "aria-label": "Task" },
        differencesOf(sides),
        el("h3", {}, "Trajectories"),
        pair[0] || pair[1] ? el("div", { class: "sides" }, traceSide("Before", pair[0]), traceSide("After", pair[1]))
          : el("p", { class: "soft" }, run.traces.left_out ? "Not in this page, which holds a bounded part of all trajectories; write it with a larger --traces, or read the files in the run's folder." : "This task was not run."),
        rollouts.length > 0 && [el("h3", {}, "All rollouts"), rolloutRows(rollouts)]));
    if (!dialog.open) dialog.showModal();
    history.replaceState(null, "", "#task=" + encodeURIComponent(id));
    dialog.querySelector(".dlg-b").focus();
  };
  byId("task").addEventListener("close", () => {
    history.replaceState(null, "", location.pathname + location.search);
    current = null;
  });
  byId("task").addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { n: 1, p: -1 }[event.key];
    if (!by || current === null) return;
    const next = order[order.indexOf(current) + by];
    if (next !== undefined) openTask(next);
  });

  // ---- patterns ---------------------------------------------------------------------------------
  const fillPatterns = () => {
    if (!run.patterns.length) return;
    const node = section("patterns", "Patterns", "The memory of what goes wrong, over batches. Velocity grows with the loss that a pattern still causes and fades when it stays away; the record says what was tried against it.");
    const seen = run.patterns.slice(0, 8);
    if (run.steps.length > 1) {
      const panel = el("div", { class: "panel" });
      node.append(panel);
      const shapeNames = ["circle", "square", "diamond", "triangle"];
      const most = Math.max(0.01, ...seen.flatMap((one) => one.history.map((point) => point.velocity)));
      pointChart(panel, seen.map((one, i) => ({ name: one.slug, colour: "--s" + (i + 1), shape: shapeNames[i % 4], line: true, at: new Map(one.history.map((point) => [point.iteration, { y: point.velocity, text: point.velocity.toFixed(3) }])) })),
        { label: "Velocity of patterns by iteration", table: true, height: 230, range: [0, most * 1.12], yName: (value) => value.toFixed(2), xName: (x) => x, xLong: (x) => "after iteration " + x, hint: run.patterns.length > 8 ? "The eight patterns of highest velocity." : "Velocity after each iteration." });
    }
    node.append(el("div", { class: "panel" }, run.patterns.map((one) => el("details", { class: "pattern", id: "pattern-" + one.slug },
      el("summary", {}, el("span", { class: "slug others" }, one.slug), el("span", { class: "soft num small-text" }, "velocity " + one.velocity.toFixed(3)), el("span", { class: "others" }, one.line),
        el("span", { class: "soft small-text" }, [one.failed_in.length && "failed in " + one.failed_in.join(", "), one.succeeded_in.length && "right in " + one.succeeded_in.join(", ")].filter(Boolean).join(" · "))),
      el("div", { class: "in" }, el("p", { class: "others" }, one.description), one.action && el("p", { class: "others" }, el("b", {}, "Asked for: "), one.action),
        chips(one.tasks.map(taskChip)),
        one.remedies.length > 0 && el("ul", { class: "remedies" }, one.remedies.map((remedy) => el("li", { class: remedy.accepted ? "yes" : "no" },
          el("div", {}, decisionBadge(remedy.accepted ? "accepted" : "rejected"), " ", el("span", { class: "soft" }, `iteration ${remedy.iteration}${remedy.anchor ? ", at " + remedy.anchor : ""}`)),
          el("div", { class: "others" }, remedy.change),
          remedy.inferred && el("div", { class: "others soft" }, "Inferred: " + remedy.inferred),
          remedy.confirmed_in.length > 0 && el("div", { class: "soft" }, "Confirmed in " + remedy.confirmed_in.join(", ")),
          remedy.against.length > 0 && el("div", {}, "Contradicted by ", chips(remedy.against.map(taskChip)))))))))));
    if (run.contradictions.length)
      node.append(el("div", { class: "panel" }, el("h3", {}, "Contradictions"), table(["Iteration", "Task", "Pattern", "What"], run.contradictions.map((one) => [String(one.iteration), taskChip(one.task_id), patternChip(one.pattern), el("span", { class: "others" }, one.text)]), "Contradictions")));
  };

  // ---- noise, cost, notes -----------------------------------------------------------------------
  const fillNoise = () => {
    const noise = run.calibration;
    if (!noise && !run.finalists.length) return;
    const node = section("noise", "Noise", "How much of a score is chance: the validation tasks were run at least twice with the same skill before anything was changed.");
    if (noise)
      put(node, [el("dl", { class: "tiles" },
        tile("Flip rate", percent(noise.flip_rate), "identical rollouts that differ"), tile("Always pass", percent(noise.always_pass), `of ${plural(noise.tasks, "task")}`), tile("Never pass", percent(noise.always_fail), noise.missing ? plural(noise.missing, "task") + " missing" : "with the initial skill"),
        tile("Test can show", noise.smallest_shown === null ? "nothing" : Math.round(100 * noise.smallest_shown) + " points", "and more, with 80 % power")),
      noise.prices.length > 0 && el("div", { class: "panel" }, el("h3", {}, "What it would take to show"), table(["Improvement", "#Test tasks", "#Rollouts", "This run"], noise.prices.map((price) => [
        points(price.difference).replace(".0", ""), price.tasks === null ? "no number is enough" : count(Math.ceil(price.tasks)), price.rollouts === null ? "–" : count(Math.ceil(price.rollouts)), price.shown_by_plan ? badge("good", "✓", "could") : badge("none", "–", "could not")]), "What it would take"))]);
    if (run.finalists.length)
      node.append(el("div", { class: "panel" }, el("h3", {}, "Finalists"), el("p", { class: "soft small-text" }, "Fresh rollouts of the validation tasks chose among these; a fresh score chose nothing before and is honest."),
        table(["Package", "#Fresh", "#All rollouts", "#Tasks", "Note"], run.finalists.map((row) => [iterationName(row.iteration), percent(row.fresh_score), el("span", { class: "optim" }, percent(row.optimistic_score)), String(row.tasks), row.chosen && badge("good", "✓", "chosen")]), "Finalists")));
  };
  // ---- several models ---------------------------------------------------------------------------
  const fillModels = () => {
    const across = run.across;
    if (!across) return;
    const marks = { helped: ["good", "✓"], harmed: ["bad", "✗"], "not shown": ["none", "–"], "not compared": ["none", "·"] };
    const scored = (score, range) => (score === null ? "–" : `${percent(score)}${range ? ` [${percent(range[0])}, ${percent(range[1])}]` : ""}`);
    section("models", "Models", across.rule === "worst" ? "Each task was executed with each model. A patch is kept where it helps the mean over them and no model is seen to be harmed; a model that is shown to be harmed makes the verdict." : "Each task was executed with each model. A patch is kept where it helps the mean over them, whatever it does to one.",
      el("div", { class: "panel" }, table(["Model", "#Base run", "#Test before", "#Test after", "#Difference", "#p", "#Tasks", "Verdict"], across.models.map((row) => [
        el("span", { class: "others" }, row.model), scored(row.train, row.train_ci95), scored(row.before, row.before_ci95), scored(row.after, row.after_ci95),
        row.difference === null ? "–" : `${points(row.difference)}${row.interval ? ` [${signed(row.interval[0])}, ${signed(row.interval[1])}]` : ""}`, row.p === null ? "–" : row.p.toFixed(4), String(row.n),
        badge(...(marks[row.verdict] || ["none", "·"]), row.verdict)]), "Models"),
      across.optimizer_model && el("p", { class: "small-text soft" }, "Diagnosed and patched by ", el("span", { class: "others" }, across.optimizer_model), ".")));
  };
  // ---- trade-offs -------------------------------------------------------------------------------
  const fillTradeoffs = () => {
    const found = run.tradeoffs;
    if (!found) return;
    const times = (value) => (value === null ? "–" : value.toFixed(2) + " ×");
    const both = (value, ratio, digits) => (value === null ? "unknown" : value.toFixed(digits) + (ratio === null ? "" : ` (${times(ratio)})`));
    const weights = Object.entries(found.weights).filter(([, weight]) => weight > 0).map(([name, weight]) => `${name} ${weight}`).join(", ");
    section("tradeoffs", "Trade-offs", "Packages that were decided on, on the validation tasks, beside the initial skill on the same tasks. Their scores chose, so they are optimistic. A package is dominated where another one is no worse in " + found.objectives.join(", ") + " and better in one of them.",
      el("div", { class: "panel" }, table(["Package", "Decision", "#Score", "#To the initial skill", "#USD a rollout", "#Seconds", "#Size", "#Violations", "#Tasks", "Note"], found.packages.map((row) => [
        iterationName(row.iteration), el("span", { class: "others" }, row.what), el("span", { class: "optim" }, percent(row.score)),
        row.difference === null ? "–" : `${points(row.difference)}${row.difference_ci95 ? ` [${signed(row.difference_ci95[0])}, ${signed(row.difference_ci95[1])}]` : ""}`,
        both(row.cost_usd, row.cost_of_initial, 4), both(row.seconds.mean, row.seconds.of_initial, 1), times(row.size_of_initial), row.violations === null ? "–" : String(row.violations), String(row.n),
        [row.chosen && badge("good", "✓", "chosen"), row.dominated === null ? badge("none", "·", "not measured") : row.dominated ? badge("none", "–", "dominated") : badge("good", "◆", "not dominated")]]), "Trade-offs"),
      el("p", { class: "small-text soft" }, "Weights of the loss: ", weights, ". ", Object.entries(found.left_out).map(([name, why]) => `Not compared: ${name} (${why}). `))));
  };
  const fillCost = () => {
    const most = Math.max(1, ...run.stages.map((stage) => stage.input_tokens + stage.output_tokens));
    const rows = (list, bars) => [...list.map((one) => {
      const bar = el("div", { class: "bar" });
      bar.style.width = (100 * (one.input_tokens + one.output_tokens)) / most + "%";
      return [one.name, ...(bars ? [bar] : []), count(one.calls), count(one.input_tokens), count(one.cached_tokens), count(one.output_tokens), usd(one.cost_usd)];
    }), { total: true, cells: ["all", ...(bars ? [""] : []), count(run.spent.calls), count(run.spent.input_tokens), count(run.spent.cached_tokens), count(run.spent.output_tokens), usd(run.spent.cost_usd)] }];
    const heads = ["#Calls", "#Input", "#Cached", "#Output", "#Cost"];
    section("cost", "Cost", "What is known to be billed, by stage and by part of the run.",
      el("div", { class: "panel" }, table(["Stage", "Tokens", ...heads], rows(run.stages, true), "Cost by stage"),
        run.parts.length > 0 && el("details", { class: "data" }, el("summary", {}, "By part of the run"), table(["Part", ...heads], rows(run.parts, false), "Cost by part"))),
      run.attempts !== null && el("p", { class: "small-text soft" }, `${count(run.attempts)} attempts, ${count(run.retries || 0)} of them repeated${run.cached_calls ? `; ${count(run.cached_calls)} calls were answered from a cache` : ""}.`));
  };
  const fillNotes = () => {
    if (!run.notes.length && !run.went_wrong.length) return;
    section("notes", "Notes", null,
      run.went_wrong.length > 0 && el("div", { class: "panel" }, el("h3", {}, run.of === "eval" ? "What went wrong" : "What went wrong with the initial skill"), table(["What", "#Rollouts", "Tasks"], run.went_wrong.map((row) => [el("span", { class: "others" }, row.what), `${row.count} of ${row.of}`, chips(row.tasks.map(taskChip))]), "What went wrong")),
      run.notes.length > 0 && el("div", { class: "panel" }, el("ul", {}, run.notes.map((note) => el("li", { class: "others" }, note.text, note.count > 1 && el("span", { class: "soft" }, ` (${note.count} times)`))))));
  };

  // ---- the whole --------------------------------------------------------------------------------
  const links = new Map();
  const placeNow = () => {
    let now = sections[0][0];
    for (const [id] of sections) if (byId(id).getBoundingClientRect().top < 140) now = id;
    if (innerHeight + scrollY >= document.documentElement.scrollHeight - 4 && scrollY > 0) now = sections[sections.length - 1][0];
    for (const [id, link] of links) {
      if (id === now) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    return now;
  };
  const fillNav = () => {
    if ([...links.keys()].join() === sections.map(([id]) => id).join()) return;
    links.clear();
    byId("nav").replaceChildren();
    put(byId("nav"), sections.map(([id, title]) => {
      const link = el("a", { href: "#" + id }, title);
      links.set(id, link);
      return el("li", {}, link);
    }));
    placeNow();
  };
  let queued = false;
  addEventListener("scroll", () => { if (!queued) { queued = true; requestAnimationFrame(() => { queued = false; placeNow(); }); } }, { passive: true });
  const fillKeys = () => {
    const dialog = byId("keys");
    const keys = [["j, k", "next, previous section"], ["/", "find a task"], ["arrows", "move in the table of tasks"], ["Enter", "open a task"], ["n, p", "next, previous task while one is open"], ["Esc", "close"], ["?", "this list"]];
    put(dialog, [el("h2", { id: "keys-h" }, "Keys"), el("dl", { class: "facts" }, keys.map(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)])), el("p", {}, el("button", { type: "button", class: "btn", onclick: () => dialog.close() }, "Close"))]);
    byId("keys-open").addEventListener("click", () => dialog.showModal());
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || event.target.closest("input, select, textarea")) return;
      if (event.key === "?") dialog.showModal();
      else if (event.key === "/" && byId("task-filter")) { event.preventDefault(); byId("task-filter").focus(); byId("tasks").scrollIntoView(); }
      else if (event.key === "j" || event.key === "k") {
        const at = sections.findIndex(([id]) => id === placeNow()) + (event.key === "j" ? 1 : -1);
        if (sections[at]) byId(sections[at][0]).scrollIntoView();
      }
    });
  };

  // ---- drawing, and drawing again -----------------------------------------------------------------
  /** A function that finds the node, or the one that has taken its place. */
  const addressOf = (node) => {
    if (node.id) return () => byId(node.id);
    const row = node.closest("tr[data-task]"), near = row || node.parentElement.closest("[id]");
    const find = row ? () => document.querySelector(`tr[data-task="${CSS.escape(row.dataset.task)}"]`) : () => byId(near.id);
    const at = [...near.querySelectorAll(node.localName)].indexOf(node);
    return () => find()?.querySelectorAll(node.localName)[at];
  };
  /** What a reader did to a section: a function that does it to the one in its place. */
  const stateOfSection = (node) => {
    const open = [...node.querySelectorAll("details[open]")].map(addressOf);
    const scrolled = [...node.querySelectorAll(".heat-box, .scroll, .diff, pre")].filter((one) => one.scrollTop || one.scrollLeft).map((one) => [addressOf(one), one.scrollTop, one.scrollLeft]);
    const focused = node.contains(document.activeElement) ? document.activeElement : null;
    const focus = focused && addressOf(focused), selection = focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
    return () => {
      for (const find of open) {
        const one = find();
        if (!one) continue;
        lazy.get(one)?.();
        one.open = true;
      }
      for (const [find, top, left] of scrolled) Object.assign(find() || {}, { scrollTop: top, scrollLeft: left });
      const target = focus && focus();
      if (!target) return;
      target.focus({ preventScroll: true });
      if (selection && selection[0] !== null) target.setSelectionRange(...selection);
    };
  };
  /** Text is being selected there, or a button is held down. */
  const inUse = (node) => {
    const selection = getSelection();
    return (!selection.isCollapsed && node.contains(selection.anchorNode)) || (node.querySelector(":active") !== null && node.id !== "verdict");
  };
  /** What the reader looks at: a function that brings it back to where it was in the window. */
  const lookedAt = () => {
    if (scrollY === 0) return () => {};
    const top = document.querySelector(".sections").getBoundingClientRect().bottom;
    const node = [...document.querySelectorAll("main section, main h3, .step, .pattern, .change, tr[data-task]")].filter((one) => one.getBoundingClientRect().bottom > top).reduce((best, one) => {
      const distance = (which) => Math.abs(which.getBoundingClientRect().top - top);
      return best && distance(best) <= distance(one) ? best : one;
    }, null);
    if (!node) return () => {};
    const find = addressOf(node), was = node.getBoundingClientRect().top;
    return () => {
      const now = find();
      if (now) scrollBy({ top: now.getBoundingClientRect().top - was, behavior: "instant" });
    };
  };

  const rest = () => ({ ...run, tasks: 0, columns: 0, traces: 0, steps: run.steps.map((step) => step.decision), patterns: 0, contradictions: 0, notes: 0, changes: 0, sizes: 0 });
  const changes = ["changes", fillChanges, () => [run.changes, run.sizes, run.steps]];
  const noise = ["noise", fillNoise, () => [run.calibration, run.finalists]];
  const draws = [
    ["verdict", fillVerdict, rest],
    ...(inReview ? [changes] : []),
    ...(run.of === "calibrate" ? [noise] : []),
    ["scores", fillScores, () => [run.scores, run.steps.length, run.test, run.best]],
    ["models", fillModels, () => run.across],
    ["steps", fillSteps, () => run.steps],
    ...(inReview ? [] : [changes]),
    ["tasks", fillTasks, () => [run.tasks, run.columns]],
    ["patterns", fillPatterns, () => [run.patterns, run.contradictions]],
    ...(run.of === "calibrate" ? [] : [noise]),
    ["tradeoffs", fillTradeoffs, () => run.tradeoffs],
    ["cost", fillCost, () => [run.stages, run.parts, run.spent, run.attempts, run.retries, run.cached_calls]],
    ["notes", fillNotes, () => [run.notes, run.went_wrong]],
  ];
  const drawn = new Map();
  /** Draws each section whose data are others than those that it was drawn of. */
  const draw = () => {
    sections = [];
    for (const [id, fill, data] of draws) {
      // Chips of tasks and patterns are buttons where the page has what they name.
      const key = follows ? JSON.stringify([data(), run.tasks.length, run.patterns.length]) : "";
      const old = byId(id), before = drawn.get(id);
      if (before && (before.key === key || (before.title && inUse(old)))) {
        if (before.title) sections.push([id, before.title]);
        continue;
      }
      const again = before?.title ? stateOfSection(old) : null;
      const count = sections.length;
      fill();
      const made = sections.length > count;
      if (!made && before?.title) old.remove();
      drawn.set(id, { key, title: made ? sections[count][1] : null });
      if (made && again) again();
    }
    charts = charts.filter((chart) => chart.box.isConnected || void chart.end());
    fillNav();
  };

  draw();
  fillKeys();
  if (follows)
    globalThis.reportPage = {
      /** Shows other data: {data, rollouts, traces}. What is open, filtered, focused and looked at stays so. */
      show: (blocks) => {
        for (const [id, value] of Object.entries(blocks)) parsed.set(id, value);
        const back = lookedAt();
        take();
        draw();
        // Charts get their size in a microtask of their own; this one comes after it, and before anything is painted.
        queueMicrotask(back);
      },
    };
  byId("foot").append(`Written by skillgrad ${run.version || ""}`.trim() + `. ${follows ? "This page asks the program that served it, and nobody else." : "This page needs no network and loads nothing."} Charts: uPlot 1.6.32, MIT licence.`);
  const wanted = /^#task=(.+)$/.exec(location.hash);
  if (wanted) { try { openTask(decodeURIComponent(wanted[1])); } catch { /* a damaged address opens nothing */ } }
  document.documentElement.dataset.ready = "true";
})();
