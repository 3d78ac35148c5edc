// Check: every change of the form asks the checks again; the newest question counts.
import { all, ask, find, say, trying } from "./common.js";

const form = find("#ask");
const name = form.dataset.name;
const place = find("#checked");
const asked = { goal: "predict", predict: [], ignore: [], kinds: {}, effort: "good" };
let waiting;

async function check() {
  waiting?.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  place.setAttribute("aria-busy", "true");
  // Where somebody is typing or choosing stays in focus.
  const focused = document.activeElement?.id;
  try {
    const response = await ask(`/data/${encodeURIComponent(name)}/checked`, { json: asked, signal });
    place.innerHTML = await response.text();
    if (focused) document.getElementById(focused)?.focus();
  } catch (error) {
    if (error.name === "AbortError") return;
    const pre = document.createElement("pre");
    pre.className = "why";
    pre.textContent = error.message;
    if (find(".waiting", place)) place.replaceChildren(pre);
    else say(error.message, true);
  }
  place.removeAttribute("aria-busy");
}

form.addEventListener("change", ({ target }) => {
  const { name: what, value, dataset } = target;
  const without = (list, column) => list.filter((other) => other !== column);
  if (what === "use") {
    asked.predict = without(asked.predict, dataset.column);
    asked.ignore = without(asked.ignore, dataset.column);
    if (value === "target") asked.predict.push(dataset.column);
    if (value === "aside") asked.ignore.push(dataset.column);
  } else if (what === "kind") {
    asked.kinds[dataset.column] = value;
  } else if (what === "group" || what === "time") {
    if (value) asked[what] = value;
    else delete asked[what];
  } else if (what === "minutes") {
    if (value) asked.minutes = Number(value);
    else delete asked.minutes;
    return;
  } else if (what === "effort") {
    asked.effort = value;
    return;
  } else if (what === "allow_leaks") {
    asked.allow_leaks = target.checked;
  } else if (what === "goal") {
    asked.goal = value;
    if (value !== "predict") asked.predict = [];
  } else {
    return;
  }
  check();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = find("#train");
  button.disabled = true;
  trying(async () => {
    const response = await ask("/api/runs", { json: { data: name, asked } });
    const { name: run } = await response.json();
    location.href = `/runs/${encodeURIComponent(run)}`;
  }).finally(() => {
    button.disabled = false;
  });
});

check();
