// Understand: rows behind each count, why an answer was given, and what other thresholds would bring.
import { all, ask, commandOf, find, framed, make, trying } from "./common.js";

const about = find("#understand");
const run = about && encodeURIComponent(about.dataset.run);
const target = about?.dataset.target;

if (about) {
  rows();
  reasons();
  if (find("#cut")) line();
}

/** Shows the tested rows that the form asks for; pressing a count fills the form in. */
function rows() {
  const [form, shown] = [find("#filter"), find("#shown")];
  let waiting;

  const show = (from) =>
    trying(async () => {
      waiting?.abort();
      waiting = new AbortController();
      const { signal } = waiting;
      const wanted = new URLSearchParams({ target, from });
      for (const [name, value] of new FormData(form)) if (value) wanted.set(name, value);
      shown.setAttribute("aria-busy", "true");
      const response = await ask(`/runs/${run}/understand/examples?${wanted}`, { signal });
      const part = make("div");
      part.innerHTML = await response.text();
      if (from === 0) {
        find("#how-many").textContent = find(".found", part).textContent;
        shown.replaceChildren(...part.childNodes);
      } else {
        find("[data-from]", shown).parentElement.remove();
        find(".gallery", shown).append(...find(".gallery", part).childNodes);
        const more = find("[data-from]", part);
        if (more) shown.append(more.parentElement);
      }
      shown.removeAttribute("aria-busy");
    });

  form.addEventListener("change", () => {
    mark();
    show(0);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  shown.addEventListener("click", ({ target: button }) => {
    if (button.dataset.from) show(Number(button.dataset.from));
  });

  const cells = all("#mistakes [data-truth]");
  const chosen = (cell) => form.elements.truth.value === cell.dataset.truth && form.elements.answer.value === cell.dataset.answer;
  const mark = () => cells.forEach((cell) => cell.setAttribute("aria-pressed", String(chosen(cell))));
  for (const cell of cells) {
    cell.addEventListener("click", () => {
      form.elements.truth.value = cell.dataset.truth;
      form.elements.answer.value = cell.dataset.answer;
      form.elements.right.value = "";
      mark();
      show(0).then(() => {
        form.scrollIntoView({ block: "start" });
        shown.focus({ preventScroll: true });
      });
    });
  }
  show(0);
}

/** Asks why, about any row on the page that has a button for it. */
function reasons() {
  const [dialog, place] = [find("#why"), find("#reasons")];
  let waiting;
  dialog.addEventListener("close", () => waiting?.abort());
  document.addEventListener("click", async ({ target: button }) => {
    const row = button.dataset?.why;
    if (row === undefined) return;
    waiting = new AbortController();
    find("#why-title").textContent = `Why did it answer so for ${row}?`;
    place.replaceChildren(make("p", { class: "waiting" }, "Taking the row apart…"));
    dialog.showModal();
    const done = await trying(async () => {
      const address = `/api/runs/${run}/rows/explain?${new URLSearchParams({ row, target })}`;
      const response = await ask(address, { method: "POST", signal: waiting.signal });
      place.replaceChildren(framed("Why it answered so", await response.text()), commandOf(response));
      return true;
    });
    if (!done) dialog.close();
  });
}

/** Of a hundred, as a person would say it. */
function ofHundred(part, whole) {
  const share = whole ? (100 * part) / whole : 0;
  const rounded = Math.round(share);
  if ((rounded === 0 && part > 0) || (rounded === 100 && part < whole)) return share.toFixed(1);
  return String(rounded);
}

/** Moves the line. All counts are here already, so nothing is asked while it moves. */
function line() {
  const form = find("#cut");
  const [of, at, now, usual] = ["#cut-of", "#cut-at", "#cut-now", "#cut-usual"].map((id) => find(id));
  const [said, use] = [find("#cut-said"), find("#cut-use")];
  const { column, data } = form.dataset;
  let counted;

  const dots = (side, on, whole, words) => {
    const figure = find(`#dots-${side}`).parentElement;
    figure.hidden = !whole;
    const lit = whole ? Math.round((100 * on) / whole) : 0;
    all("i", figure).forEach((dot, i) => dot.classList.toggle("on", i < lit));
    find("figcaption", figure).textContent = words;
  };
  const fact = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
  const number = (n) => n.toLocaleString("en");
  const code = (text) => make("code", {}, text);

  function show() {
    if (!counted) return;
    const step = Number(at.value);
    now.textContent = `${step} %`;
    at.setAttribute("aria-valuetext", `${step} per cent`);
    const own = counted.usual === null ? undefined : Math.round(100 * counted.usual);
    usual.hidden = own === undefined || own === step || !counted.class;
    usual.textContent = `back to its own line, ${own} %`;
    (counted.class ? ofClass : ofAny)(step);
  }

  function ofClass(step) {
    const { class: name, of_it: is, of_none: not } = counted;
    const [found, alarms] = counted.at[step];
    said.textContent =
      `Of 100 that are ${name}, it finds ${ofHundred(found, is)}. ` + `Of 100 that are not, it sounds a false alarm for ${ofHundred(alarms, not)}.`;
    dots("it", found, is, `100 that are ${name}: those it finds`);
    dots("none", alarms, not, "100 that are not: false alarms");
    const told = found + alarms;
    find("#cut-facts").replaceChildren(
      fact("found", `${number(found)} of ${number(is)}`),
      fact("missed", number(is - found)),
      fact("false alarms", `${number(alarms)} of ${number(not)}`),
      fact(`right, when it says ${name}`, told ? `${ofHundred(found, told)} of 100` : "it never does"),
      fact("right answers in all", `${ofHundred(found + not - alarms, is + not)} of 100`),
    );
    use.replaceChildren(
      code(`pellucid predict ${data} NEW_DATA`),
      " writes how likely each row is ",
      make("b", {}, name),
      " into the column ",
      code(`${column}_p_${name}`),
      `. Say so wherever that is at least ${(step / 100).toFixed(2)}.`,
    );
  }

  function ofAny(step) {
    const whole = counted.of_it;
    const [answered, right] = counted.at[step];
    said.textContent = answered
      ? `Of 100 rows, it answers ${ofHundred(answered, whole)}. Of 100 that it answers, ${ofHundred(right, answered)} are right.`
      : "So sure it never is: no row is answered.";
    dots("it", answered, whole, "100 rows: those it answers");
    dots("none", answered - right, answered, "100 that it answers: the wrong ones");
    find("#cut-facts").replaceChildren(
      fact("answered", `${number(answered)} of ${number(whole)}`),
      fact("left to you", number(whole - answered)),
      fact("right", number(right)),
      fact("wrong", number(answered - right)),
    );
    use.replaceChildren(code(`pellucid predict ${data} NEW_DATA --at-least ${(step / 100).toFixed(2)}`), " leaves all other answers empty, for a person to give.");
  }

  const count = () =>
    trying(async () => {
      const wanted = new URLSearchParams({ target: column });
      if (of.value) wanted.set("class", of.value);
      counted = await (await ask(`/api/runs/${run}/thresholds?${wanted}`)).json();
      if (counted.usual !== null) at.value = Math.round(100 * counted.usual);
      show();
    });
  at.addEventListener("input", show);
  of.addEventListener("change", count);
  usual.addEventListener("click", () => {
    at.value = Math.round(100 * counted.usual);
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  count();
}
