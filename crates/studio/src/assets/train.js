// Train: what happens, as it happens. The server keeps the record; this page only shows it.
import { all, ask, find, make, trying } from "./common.js";

const place = find("#run");
const run = encodeURIComponent(place.dataset.run);
const before = place.dataset.state;
const [bar, now, numbers, log] = ["#progress", "#now", "#numbers", "#log"].map((id) => find(id));
const LINES = 200;
let asked = false;

function tell(text, kind = "") {
  log.append(make("li", { class: kind }, text));
  while (log.children.length > LINES) log.firstChild.remove();
}

function duration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${(seconds / 3600).toFixed(1)} hours`;
}

async function curves() {
  const response = await fetch(`/api/runs/${run}/curves`);
  if (response.ok) find("#curves").innerHTML = await response.text();
}

async function glimpse() {
  const response = await fetch(`/api/runs/${run}/glimpse`);
  const shown = response.ok ? await response.text() : "";
  const place = find("#glimpse");
  place.hidden = !shown;
  find("#glimpse > div").innerHTML = shown;
}

// What a person has opened stays open, and what was scrolled stays where it is.
async function network() {
  const response = await fetch(`/api/runs/${run}/network`);
  const shown = response.ok ? await response.text() : "";
  const [section, place] = [find("#network"), find("#network > div")];
  const open = [...place.querySelectorAll("details")].map((details) => details.open);
  const left = place.querySelector(".flowing")?.scrollLeft ?? 0;
  section.hidden = !shown;
  place.innerHTML = shown;
  place.querySelectorAll("details").forEach((details, i) => (details.open = open[i] ?? false));
  if (left) place.querySelector(".flowing").scrollLeft = left;
}

const heard = {
  note: ({ text }) => tell(text),
  warning: ({ text }) => tell(text, "warning"),
  begin({ work, items }) {
    if (now) now.textContent = `${work}…`;
    if (bar) [bar.max, bar.value] = [Math.max(items, 1), 0];
  },
  advance({ done }) {
    if (bar) bar.value = done;
  },
  plan({ steps, seconds }) {
    tell(`It will learn in ${steps.toLocaleString()} steps, in about ${duration(seconds)}.`);
  },
  step({ step, steps, loss, rows_per_second: pace, seconds_left: left }) {
    if (!bar) return;
    if (find("#network").hidden && !asked) {
      asked = true;
      network().catch(() => {});
    }
    [bar.max, bar.value] = [steps, step];
    now.textContent = left > 0 ? `About ${duration(left)} to go` : "Nearly done";
    const fast = pace ? `, ${Math.round(pace).toLocaleString()} rows a second` : "";
    numbers.textContent = `Step ${step.toLocaleString()} of ${steps.toLocaleString()}, loss ${loss?.toFixed(3) ?? "–"}${fast}`;
    document.title = `${Math.floor((100 * step) / steps)} % · ${place.dataset.run} · Pellucid`;
  },
  validation({ step, best, metrics }) {
    const scores = Object.entries(metrics).slice(0, 3).map(([name, value]) => `${name.replaceAll("_", " ")} ${Number(value).toFixed(3)}`);
    tell(`Step ${step.toLocaleString()}: on rows that it does not learn from, ${scores.join(", ")}${best ? " – the best so far" : ""}`);
    if (bar) Promise.all([curves(), glimpse(), network()]).catch(() => {});
  },
  resumed: ({ step }) => tell(`It goes on from step ${step.toLocaleString()}.`),
  done: () => tell("It is done."),
};

const events = new EventSource(`/api/runs/${run}/events`);
events.addEventListener("message", ({ data }) => {
  const event = JSON.parse(data);
  heard[event.event]?.(event);
});
events.addEventListener("state", ({ data }) => {
  if (data !== "training") events.close();
  if (data !== before) location.reload();
});

for (const button of all("[data-do]")) {
  button.addEventListener("click", () =>
    trying(async () => {
      button.disabled = true;
      await ask(`/api/runs/${run}/${button.dataset.do}`, { method: "POST" }).finally(() => {
        button.disabled = button.dataset.do === "stop";
      });
      if (button.dataset.do === "resume") location.reload();
      else if (now) now.textContent = "It finishes its step and saves…";
    }),
  );
}
