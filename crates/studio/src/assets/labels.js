// Labels that may be wrong: each decision is kept at once; then it is trained again with all of them.
import { all, ask, find, make, trying } from "./common.js";

const about = find("#understand");
const place = find("#doubts");
if (about && place) labels(encodeURIComponent(about.dataset.run), about.dataset.target);

function labels(run, column) {
  const again = find("#again");
  const [said, train] = [find("#decided"), find("button", again)];

  /** What was decided so far. */
  function count({ mended, mended_tests: tests, kept }) {
    again.hidden = mended + kept === 0;
    const labels = (n) => (n === 1 ? "1 label" : `${n.toLocaleString("en")} labels`);
    const parts = [`${labels(mended)} mended, ${labels(kept)} kept.`];
    if (tests) parts.push(`${tests.toLocaleString("en")} of the mended are of test rows, so the next score is measured otherwise as well: do not compare the two too closely.`);
    said.textContent = parts.join(" ");
    train.textContent = `Train again with ${labels(mended)} mended`;
    train.disabled = mended === 0;
  }

  /** Shows a card as it was decided. */
  function shown(group) {
    const { label, value } = group.dataset;
    const done = value !== undefined;
    for (const element of group.children) element.hidden = element.classList.contains("verdict") ? !done : done;
    group.closest(".example").classList.toggle("decided", done);
    if (done) find(".verdict b", group).textContent = value === label ? `Stays ${label}` : `Will be ${value}`;
  }

  const decide = (group, value) =>
    trying(async () => {
      const json = { row: group.dataset.row, column, value: value || null };
      const decided = await (await ask(`/api/runs/${run}/corrections`, { json })).json();
      if (value) group.dataset.value = value;
      else delete group.dataset.value;
      shown(group);
      count(decided);
      // The pressed button is gone: what stands there now is next.
      find("button:not([hidden])", value ? find(".verdict", group) : group).focus();
    });

  const show = (from) =>
    trying(async () => {
      const response = await ask(`/runs/${run}/understand/doubts?${new URLSearchParams({ target: column, from })}`);
      const part = make("div");
      part.innerHTML = await response.text();
      const { mended, tests, kept } = find(".gallery", part).dataset;
      count({ mended: Number(mended), mended_tests: Number(tests), kept: Number(kept) });
      all(".decide", part).forEach(shown);
      if (from === 0) place.replaceChildren(...part.childNodes);
      else {
        find("[data-from]", place).parentElement.remove();
        find(".gallery", place).append(...find(".gallery", part).childNodes);
        const more = find("[data-from]", part);
        if (more) place.append(more.parentElement);
      }
    });

  place.addEventListener("click", ({ target: button }) => {
    if (button.dataset.from) show(Number(button.dataset.from));
    else if (button.dataset.is !== undefined) decide(button.closest(".decide"), button.dataset.is);
  });
  place.addEventListener("change", ({ target: list }) => {
    if (list.value) decide(list.closest(".decide"), list.value);
  });
  train.addEventListener("click", () =>
    trying(async () => {
      train.disabled = true;
      const { name } = await (await ask(`/api/runs/${run}/again`, { method: "POST" })).json();
      location.href = `/runs/${encodeURIComponent(name)}`;
    }).finally(() => (train.disabled = false)),
  );
  show(0);
}
