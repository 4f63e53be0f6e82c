"use strict";
/* A table of any length of which only the rows in view exist, with filters, sorting and keys. */

const ROW = 46; // height of a row in px, as in report.css
const SPARE = 12; // rows drawn above and below what can be seen
const SHAPES = { critical: "◆", high: "▲", medium: "●", low: "▽", info: "○" };

const byId = (id) => document.getElementById(id);
const words = (name) => name.replaceAll("_", " ");
/* Which of a column's distinct texts a row has: a character each, or a number where there are too many for that. */
const place = ({ at }, row) => (typeof at === "string" ? at.charCodeAt(row) - 35 : at[row]);
const of = (column, row) => column.texts[place(column, row)];

/* Where a row's own part of a column of several per row begins; counted up once. */
function startOf(column, row) {
  if (!column.starts) {
    let total = 0;
    column.starts = Int32Array.from(column.count, (count) => { total += count; return total - count; });
  }
  return column.starts[row];
}
function all(column, row) {
  const start = startOf(column, row);
  return Array.from({ length: column.count[row] }, (_, at) => of(column, start + at));
}

/* Everything that is shown passes here: kids are nodes or plain text, never markup. */
function el(tag, attributes, ...kids) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...kids.flat(Infinity).filter((kid) => kid !== null && kid !== ""));
  return node;
}

function tag(kind, name) {
  const shape = SHAPES[name] ? el("span", { "aria-hidden": "true" }, `${SHAPES[name]} `) : null;
  return el("span", { class: `tag ${kind}-${name}` }, shape, words(name));
}

/* `text` keeps a value from turning its neighbours around; an empty value is said, not left blank. */
const value = (text) => (text ? el("bdi", {}, text) : el("span", { class: "none" }, "empty"));

class List {
  /* cells(row): the row's <td>s; haystack(row): what the filter box looks through; open(row): a row was chosen. */
  constructor(root, data, { cells, haystack, open, changed }) {
    Object.assign(this, { root, data, cells, haystack, open, changed });
    this.prefix = root.dataset.prefix;
    this.window = root.querySelector(".window");
    this.body = root.querySelector("tbody");
    this.query = root.querySelector("[data-q]");
    this.columns = root.querySelectorAll("thead th").length;
    this.heads = [...root.querySelectorAll("th[data-sort]")];
    this.names = new Set([...root.querySelectorAll("[data-filter]")].map((input) => input.dataset.filter));
    this.rankings = {};
    this.hay = null;
    this.sorted = "";
    this.current = -1;
    this.order = new Int32Array(0);
    this.listen();
  }

  listen() {
    this.root.querySelector(".controls").addEventListener("input", () => this.apply());
    this.root.querySelector("[data-clear]").addEventListener("click", () => this.set(new URLSearchParams()));
    this.window.addEventListener("scroll", () => requestAnimationFrame(() => this.render()), { passive: true });
    new ResizeObserver(() => this.render()).observe(this.window);
    for (const head of this.heads) {
      head.querySelector("button").addEventListener("click", () => this.sortBy(head.dataset.sort));
    }
  }

  inputs(name) {
    return [...this.root.querySelectorAll(`[data-filter="${name}"]`)];
  }

  chosen(name) {
    const on = this.inputs(name).filter((input) => (input.type === "checkbox" ? input.checked : input.value));
    return on.map((input) => input.value);
  }

  /* Takes filters and sorting from the page's fragment; `get` puts them there. */
  set(params) {
    this.query.value = params.get(`${this.prefix}q`) || "";
    for (const name of this.names) {
      const wanted = (params.get(this.prefix + name) || "").split(",");
      for (const input of this.inputs(name)) {
        if (input.type === "checkbox") input.checked = wanted.includes(input.value);
        else input.value = [...input.options].some((option) => option.value === wanted[0]) ? wanted[0] : "";
      }
    }
    const sort = params.get(`${this.prefix}sort`) || "";
    this.sorted = this.heads.some((head) => head.dataset.sort === sort.replace("-", "")) ? sort : "";
    this.apply();
  }

  get(params) {
    if (this.query.value) params.set(`${this.prefix}q`, this.query.value);
    for (const name of this.names) {
      if (this.chosen(name).length) params.set(this.prefix + name, this.chosen(name).join(","));
    }
    if (this.sorted) params.set(`${this.prefix}sort`, this.sorted);
  }

  sortBy(name) {
    this.sorted = { [name]: `-${name}`, [`-${name}`]: "" }[this.sorted] ?? name;
    this.apply();
  }

  /* The rows that a filter lets through; null for all. A list without a column of that name asks its members. */
  test(name) {
    const wanted = new Set(this.chosen(name));
    if (!wanted.size) return null;
    const { members, [name]: own } = this.data;
    const column = own || members[name];
    const good = column.texts.map((text) => wanted.has(text));
    if (own) return (row) => good[place(column, row)];
    return (row) => {
      const start = startOf(members, row);
      for (let at = start; at < start + members.count[row]; at += 1) if (good[place(column, at)]) return true;
      return false;
    };
  }

  search() {
    const parts = this.query.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!parts.length) return null;
    this.hay ||= this.data.id.map((_, row) => this.haystack(row).toLowerCase());
    return (row) => parts.every((part) => this.hay[row].includes(part));
  }

  /* A number per row to sort by: the words of severities and states in their own order, texts as people sort them. */
  ranks(name) {
    const column = this.data[name];
    if (Array.isArray(column)) return column;
    if (!this.rankings[name]) {
      const given = this.heads.find((head) => head.dataset.sort === name).dataset.order.split(",");
      const { compare } = new Intl.Collator(undefined, { numeric: true });
      const spread = [...column.texts.keys()].sort((a, b) => {
        const [one, other] = [column.texts[a], column.texts[b]];
        return given.length > 1 ? given.indexOf(one) - given.indexOf(other) : compare(one, other);
      });
      const rankOf = new Int32Array(spread.length);
      spread.forEach((text, rank) => { rankOf[text] = rank; });
      this.rankings[name] = Int32Array.from(this.data.id, (_, row) => rankOf[place(column, row)]);
    }
    return this.rankings[name];
  }

  apply() {
    const tests = [...[...this.names].map((name) => this.test(name)), this.search()].filter(Boolean);
    this.order = Int32Array.from(this.data.id.keys()).filter((row) => tests.every((test) => test(row)));
    const name = this.sorted.replace("-", "");
    const down = this.sorted.startsWith("-");
    if (name) {
      const rank = this.ranks(name);
      this.order.sort((a, b) => (down ? rank[b] - rank[a] : rank[a] - rank[b]) || a - b);
    }
    for (const head of this.heads) {
      head.setAttribute("aria-sort", head.dataset.sort !== name ? "none" : down ? "descending" : "ascending");
    }
    const [some, all] = [this.order.length, this.data.id.length].map((count) => count.toLocaleString("en"));
    this.root.querySelector("[data-count]").textContent = `${some} of ${all} shown`;
    this.root.querySelector("table").setAttribute("aria-rowcount", this.order.length + 1);
    this.current = -1;
    this.window.scrollTop = 0;
    this.render();
    this.changed();
  }

  render() {
    const { scrollTop, clientHeight } = this.window;
    const held = this.body.contains(document.activeElement);
    const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const last = Math.min(this.order.length, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    const rows = Array.from({ length: Math.max(0, last - first) }, (_, at) => this.row(first + at));
    if (!this.order.length) rows.push(el("tr", {}, el("td", { colspan: this.columns, class: "none" }, "Nothing to show.")));
    this.body.replaceChildren(this.spacer(first), ...rows, this.spacer(this.order.length - last));
    if (held) this.focus();
  }

  spacer(rows) {
    const cell = el("td", { colspan: this.columns });
    cell.style.height = `${rows * ROW}px`;
    return el("tr", { class: "spacer", "aria-hidden": "true", hidden: rows <= 0 }, cell);
  }

  row(place) {
    const attributes = { "aria-rowindex": place + 2, "aria-current": place === this.current ? "true" : null };
    return el("tr", { ...attributes, click: () => this.choose(place) }, this.cells(this.order[place]));
  }

  choose(place) {
    this.go(place);
    this.open(this.order[place]);
  }

  /* Makes a row the current one and brings it into view. */
  go(place) {
    this.current = place;
    const top = place * ROW;
    const room = this.window.clientHeight - ROW - this.root.querySelector("thead").offsetHeight;
    if (top < this.window.scrollTop) this.window.scrollTop = top;
    else if (top > this.window.scrollTop + room) this.window.scrollTop = top - room;
    this.render();
  }

  move(step, alsoOpen) {
    if (!this.order.length) return;
    const next = Math.min(this.order.length - 1, Math.max(0, this.current + step));
    if (alsoOpen) this.choose(next);
    else this.go(next);
    this.focus();
  }

  focus() {
    this.body.querySelector('[aria-current="true"] button')?.focus({ preventScroll: true });
  }
}
