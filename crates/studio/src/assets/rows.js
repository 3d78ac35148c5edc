// Rows: a table that scrolls through as many rows as there are; only those in sight are fetched.
import { ask, find, make } from "./common.js";

const frame = find("#rows");
const base = `/api/data/${encodeURIComponent(frame.dataset.name)}`;
const TALL = 56;
const AT_ONCE = 60;
// Browsers draw nothing that lies deeper than some millions of pixels; of longer tables the scroll bar is coarser.
const DEEPEST = 8_000_000;

const body = make("tbody");
const head = make("thead");
const spacer = make("div", { class: "spacer" });
const table = make("table", {}, head, body);
spacer.append(table);
let total = 0;
let last = -1;

function cell({ is, value }, row, column) {
  const media = `${base}/media?row=${row}&column=${encodeURIComponent(column)}`;
  if (is === "picture") return make("td", {}, make("img", { src: media, alt: value, loading: "lazy", title: value }));
  if (is === "sound") return make("td", {}, make("audio", { src: media, controls: true, preload: "none", title: value }));
  if (is === "missing") return make("td", { class: "missing" }, "–");
  return make("td", { class: is === "number" ? "number" : "" }, String(value));
}

async function show(from) {
  if (from === last) return;
  last = from;
  const found = await (await ask(`${base}/rows?from=${from}&count=${AT_ONCE}`)).json();
  if (from !== last) return;
  if (total !== found.total) {
    total = found.total;
    spacer.style.height = `${Math.min(total * TALL + TALL, DEEPEST)}px`;
    const names = found.columns.map((name) => make("th", { scope: "col" }, name));
    head.replaceChildren(make("tr", {}, make("th", { scope: "col", class: "number" }, "row"), ...names));
  }
  const rows = found.rows.map((cells, i) => {
    const row = found.from + i;
    const shown = cells.map((value, k) => cell(value, row, found.columns[k]));
    return make("tr", {}, make("th", { scope: "row", class: "number" }, (row + 1).toLocaleString()), ...shown);
  });
  body.replaceChildren(...rows);
  table.style.top = `${offset(found.from)}px`;
}

/** Where a row lies in the frame. */
function offset(row) {
  const depth = Math.min(total * TALL, DEEPEST - TALL);
  return total * TALL <= depth ? row * TALL : (row / total) * depth;
}

function inSight() {
  const depth = Math.min(total * TALL, DEEPEST - TALL) || 1;
  const row = Math.floor((frame.scrollTop / depth) * total);
  return Math.max(0, Math.min(row - 10, Math.max(total - AT_ONCE / 2, 0)));
}

frame.append(spacer);
frame.addEventListener("scroll", () => {
  clearTimeout(show.timer);
  show.timer = setTimeout(() => show(inSight()).catch(() => {}), 60);
});
show(0).catch((error) => frame.replaceChildren(make("p", { class: "aside" }, error.message)));
