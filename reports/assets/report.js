/* The page of a run: two lists, a panel for one finding or correction, and an address that remembers both. */

const SIGNS = {
  differs: ["≠", "differs"],
  hidden: ["≠", "differs where the mask hides it"],
  same: ["=", "same"],
  alike: ["≈", "looks the same under the mask"],
  single: ["", "only one value"],
};
const NOT_SAID = "␀"; // a cell without evidence, which is not the same as an empty value
const lists = {};
let data = null;
let active = null; // the list that j and k move in
let opened = ["", ""]; // what the panel shows: finding or correction, and its id

async function unpack(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at += 1) bytes[at] = raw.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/* A row's texts in groups: name and value, or field, before and after. */
function groups(column, row, size) {
  const texts = all(column, row);
  return Array.from({ length: texts.length / size }, (_, at) => texts.slice(at * size, (at + 1) * size));
}

const cell = (...kids) => el("td", {}, kids);

function say(text) {
  byId("say").textContent = text;
}

/* The address */

function remember() {
  const params = new URLSearchParams();
  for (const list of Object.values(lists)) list.get(params);
  if (opened[0]) params.set(...opened);
  const text = params.toString().replaceAll("%2C", ",");
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

function recall() {
  const params = new URLSearchParams(location.hash.slice(1));
  byId("panel").hidden = true;
  opened = ["", ""];
  for (const list of Object.values(lists)) list.set(params);
  for (const [kind, show] of [["finding", showFinding], ["correction", showCorrection]]) {
    const row = data[`${kind}s`].id.indexOf(params.get(kind));
    if (row >= 0) show(row);
  }
}

/* The panel */

function fill(kind, id, heading, ...parts) {
  const panel = byId("panel");
  const close = el("button", { type: "button", class: "close", "aria-label": "Close", click: shut }, "✕");
  panel.replaceChildren(close, el("h2", { id: "panel-title", tabindex: -1 }, heading), ...parts.flat().filter(Boolean));
  panel.hidden = false;
  panel.scrollTop = 0;
  opened = [kind, id];
  remember();
  byId("panel-title").focus({ preventScroll: true });
}

function shut() {
  byId("panel").hidden = true;
  opened = ["", ""];
  remember();
  active.focus();
}

function part(title, ...kids) {
  const some = kids.flat().filter(Boolean);
  return some.length ? el("section", {}, el("h3", {}, title), some) : null;
}

function pairs(rows) {
  const given = rows.filter(([, text]) => text);
  const lines = given.map(([name, text]) => [el("dt", {}, words(name)), el("dd", {}, value(text))]);
  return lines.length ? el("dl", {}, lines) : null;
}

function rulesOf(ids) {
  return pairs(ids.split(" ").map((id) => [id, data.rules[id] || (id && "a rule that this page does not know")]));
}

/* Every command in a text as it has to be typed under the run's own configuration. */
function typed(text) {
  const commands = new RegExp(`\\brollcall (?:${data.commands.join("|")})\\b(?! --config)`, "g");
  return data.flag ? text.replace(commands, (found) => found + data.flag) : text;
}

function command(plain) {
  const text = typed(plain);
  const code = el("code", {}, text);
  const button = el("button", { type: "button", "aria-label": `Copy ${text}`, click: () => copy(code, button) }, "Copy");
  return el("div", { class: "command" }, code, button);
}

async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    if (!document.execCommand("copy")) return say("Selected: press Ctrl+C to copy");
  }
  button.textContent = "Copied";
  return say("Copied");
}

function shell(text) {
  return /^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function membersOf(row) {
  const { members } = data.findings;
  const start = startOf(members, row);
  return Array.from({ length: members.count[row] }, (_, at) => {
    const id = members.id[start + at];
    return { source: of(members.source, start + at), id, url: of(members.link, start + at).replaceAll("{id}", () => id) };
  });
}

function memberHead({ source, id, url }) {
  const link = { href: url, rel: "noreferrer noopener", target: "_blank" };
  const name = url.startsWith("https://") ? el("a", link, value(id), " ↗") : value(id);
  return el("th", { scope: "col" }, el("small", {}, source), name);
}

function gridRow([field, sign, odd], cells) {
  const [shape, meaning] = SIGNS[sign];
  const shown = cells.map((text, at) => {
    if (text === NOT_SAID) return el("td", {});
    return odd.includes(at) ? el("td", { class: "odd" }, "≠ ", value(text)) : el("td", {}, value(text));
  });
  const mark = [el("span", { "aria-hidden": "true" }, shape), el("span", { class: "unseen" }, meaning)];
  return el("tr", {}, el("th", { scope: "row" }, words(field)), el("td", { class: "sign", title: meaning }, mark), shown);
}

function sideBySide(row) {
  const grid = of(data.findings.shape, row);
  const cells = all(data.findings.cells, row);
  const members = membersOf(row);
  const head = el("tr", {}, el("th", { scope: "col" }, "Field"), el("td", {}), members.map(memberHead));
  const rows = grid.map((line, at) => gridRow(line, cells.slice(at * members.length, (at + 1) * members.length)));
  const caption = el("caption", { class: "unseen" }, "Profiles as columns, fields as rows");
  const hidden = grid.some(([, sign]) => sign === "hidden");
  return [
    el("div", { class: "scroll" },
      el("table", { class: "plain grid" }, caption, el("thead", {}, head), el("tbody", {}, rows))),
    hidden ? el("p", { class: "none" }, "Where both masks read alike, the values differ in what the mask hides.") : null,
  ];
}

function correctionCard(row) {
  const c = data.corrections;
  const changes = groups(c.change, row, 3).map(([field, before, after]) =>
    el("tr", {}, el("th", { scope: "row" }, words(field)), cell(value(before)), cell("→"), cell(value(after))));
  const profile = value(`${of(c.source, row)} ${of(c.profile, row)}`);
  const title = el("p", {}, tag("state", of(c.state, row)), ` ${words(of(c.action, row))} at `, profile);
  const caption = el("caption", { class: "unseen" }, "Before and after");
  const table = el("table", { class: "plain" }, caption, el("tbody", {}, changes));
  const facts = pairs([
    ["why", of(c.why, row)],
    ["needs", words(of(c.needs, row)) || "nothing more"],
    ["why a person", of(c.asks, row)],
    ["can be undone", of(c.reversible, row)],
    ["lost when undone", of(c.lost, row)],
    ["blocked by", of(c.blocked, row)],
    ["only after", of(c.after, row)],
    [waits(row) ? "where it stands" : "what happened", of(c.detail, row)],
    ["id", c.id[row]],
  ]);
  return el("div", { class: "card" }, title, table, facts);
}

function waits(row) {
  return ["ready", "held", "blocked", "rejected"].includes(of(data.corrections.state, row));
}

/* Whether a yes still changes something; what is blocked waits for something else than a person. */
function undecided(row) {
  return of(data.corrections.state, row) === "held" && !of(data.corrections.detail, row).startsWith("approved by ");
}

/* A merge takes a word of its own; what comes along with it needs no other. */
function approvable(rows) {
  const merges = rows.filter((row) => undecided(row) && of(data.corrections.action, row) === "merge");
  return merges.length ? `correction ${merges.map((row) => shell(data.corrections.id[row])).join(" ")}` : "";
}

/* Why it does not go stands before why it would be written. */
function standing(row) {
  const c = data.corrections;
  const blocked = of(c.blocked, row) && !of(c.detail, row) ? `blocked: ${of(c.blocked, row)}` : "";
  return [of(c.detail, row), blocked, of(c.why, row)].filter(Boolean).join(" · ");
}

function showFinding(row) {
  const f = data.findings;
  const id = shell(f.id[row]);
  const own = f.corrections[row];
  const steps = of(f.todo, row).split("\n").filter(Boolean);
  const open = `${f.nights[row]} ${f.nights[row] === 1 ? "night" : "nights"}`;
  const life = ["", open, `first seen ${of(f.first_seen, row)}`, of(f.pairing, row)].filter((text, at) => text || !at);
  const about = [of(f.kind, row), of(f.field, row)].filter(Boolean).map(words).join(" · ");
  const facts = groups(f.facts, row, 2);
  fill("finding", f.id[row], of(f.title, row),
    el("p", {}, tag("sev", of(f.severity, row)), " ", tag("state", of(f.state, row)), ` ${about}`),
    el("p", { class: "none" }, el("code", {}, f.id[row]), life.join(" · ")),
    sideBySide(row),
    part(of(f.who, row) ? `What to do, by ${of(f.who, row)}` : "What to do",
      of(f.proposal, row) && el("p", {}, of(f.proposal, row)),
      of(f.blocked, row) && el("p", { class: "bad" }, `Blocked: ${of(f.blocked, row)}`),
      steps.length && el("ol", {}, steps.map((step) => el("li", {}, step)))),
    part("Corrections", own.map(correctionCard)),
    part("Decide",
      own.some(undecided) && command(`rollcall decide approve ${approvable(own) || `finding ${id}`} --why 'checked with the store'`),
      command(`rollcall decide accept finding ${id} --until ${data.until} --why 'it may stay because …'`),
      command(`rollcall explain ${id} --run ${shell(data.run)}`)),
    part("What else is known", pairs(facts)),
    part("Rules", rulesOf(of(f.rules, row))));
}

function showCorrection(row) {
  const c = data.corrections;
  const id = shell(c.id[row]);
  const findings = c.findings[row].map((at) => {
    const open = { type: "button", class: "link", click: () => showFinding(at) };
    return el("li", {}, el("button", open, of(data.findings.title, at)));
  });
  fill("correction", c.id[row], `${words(of(c.action, row))} at ${of(c.source, row)} ${of(c.profile, row)}`,
    correctionCard(row),
    part("Findings that it settles", findings.length && el("ul", {}, findings)),
    part("Decide",
      waits(row) && command(`rollcall decide approve correction ${id} --why 'checked with the store'`),
      waits(row) && of(c.state, row) !== "rejected" && command(`rollcall decide reject correction ${id} --why 'it must not be written because …'`)),
    part("Rules", rulesOf(of(c.rules, row))));
}

/* The lists */

const opener = (text) => el("button", { type: "button", class: "link" }, text);

const findings = {
  cells(row) {
    const f = data.findings;
    const states = f.corrections[row].map((at) => words(of(data.corrections.state, at)));
    const tally = [...new Set(states)].map((state) => `${states.filter((other) => other === state).length} ${state}`);
    const where = membersOf(row).map(({ source, id }, at) => [at ? " · " : "", el("bdi", {}, `${source} ${id}`)]);
    return [
      cell(tag("sev", of(f.severity, row))),
      cell(opener(of(f.title, row)), el("small", {}, where)),
      cell(words(of(f.kind, row)), el("small", {}, words(of(f.field, row)))),
      cell(of(f.store, row)),
      cell(of(f.rules, row)),
      cell(tag("state", of(f.state, row))),
      el("td", { class: "num" }, String(f.nights[row])),
      cell(tally.join(", ")),
    ];
  },
  haystack(row) {
    const f = data.findings;
    const texts = ["title", "kind", "field", "store", "rules", "proposal", "pairing"].map((name) => of(f[name], row));
    return [f.id[row], ...texts, words(of(f.kind, row)), ...membersOf(row).map(({ source, id }) => `${source} ${id}`)].join(" ");
  },
  open: showFinding,
  changed: remember,
};

const corrections = {
  cells(row) {
    const c = data.corrections;
    const changes = groups(c.change, row, 3).map(([field, before, after]) =>
      [el("span", { class: "none" }, `${words(field)} `), value(before), " → ", value(after), "  "]);
    return [
      cell(tag("state", of(c.state, row))),
      cell(opener(`${of(c.source, row)} ${of(c.profile, row)}`)),
      cell(words(of(c.action, row))),
      cell(el("div", { class: "line" }, changes), el("small", {}, standing(row))),
      cell(words(of(c.needs, row))),
      cell(of(c.reversible, row)),
      cell(of(c.rules, row)),
    ];
  },
  haystack(row) {
    const c = data.corrections;
    const names = ["source", "profile", "action", "why", "rules", "needs", "asks", "detail"];
    return [c.id[row], ...names.map((name) => of(c[name], row))].join(" ");
  },
  open: showCorrection,
  changed: remember,
};

/* Keys, links and the start */

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
  const panel = byId("panel");
  if (event.key === "Escape" && typing) event.target.blur();
  else if (event.key === "Escape" && !panel.hidden) shut();
  else if (typing) return;
  else if (event.key === "/") active.query.focus();
  else if (event.key === "j") active.move(1, !panel.hidden);
  else if (event.key === "k") active.move(-1, !panel.hidden);
  else if (event.key === "Enter" && event.target === active.window && active.current >= 0) active.choose(active.current);
  else return;
  event.preventDefault();
}

function show(event) {
  event.preventDefault();
  active = event.currentTarget.hash === "#plan" ? lists.corrections : lists.findings;
  active.set(new URLSearchParams(event.currentTarget.dataset.show));
  active.root.parentElement.scrollIntoView();
}

async function start() {
  data = await unpack(byId("packed").content.textContent);
  for (const name of ["proposal", "todo", "blocked"]) data.findings[name].texts = data.findings[name].texts.map(typed);
  for (const name of ["blocked", "detail"]) data.corrections[name].texts = data.corrections[name].texts.map(typed);
  document.documentElement.classList.add("js");
  const root = (name) => document.querySelector(`[data-list="${name}"]`);
  lists.findings = new List(root("findings"), data.findings, findings);
  lists.corrections = new List(root("corrections"), data.corrections, corrections);
  active = lists.findings;
  for (const list of Object.values(lists)) list.root.addEventListener("focusin", () => { active = list; });
  recall();
  for (const link of document.querySelectorAll("[data-show]")) link.addEventListener("click", show);
  window.addEventListener("hashchange", () => { if (location.hash.includes("=")) recall(); });
  document.addEventListener("keydown", keys);
}

start().catch((problem) => {
  document.documentElement.classList.remove("js");
  byId("say").classList.remove("unseen");
  say(`This browser could not open the full list (${problem.message}); the first findings stand here as a plain table.`);
});
