// Groups, and more data: both are asked of the program; the second takes a while and goes on when nobody looks.
import { ask, commandOf, find, framed, make, trying } from "./common.js";

const about = find("#understand");
const run = about && encodeURIComponent(about.dataset.run);
if (about && find("#groups")) groups(about.dataset.target);
if (about && find("#forecast")) forecast();

function groups(target) {
  const [form, place] = [find("#groups"), find("#audited")];
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = [find("#group-by").value, find("#group-and").value];
    const json = { groups: [...new Set(chosen.filter(Boolean))], target };
    const button = find("button", form);
    button.disabled = true;
    place.replaceChildren(make("p", { class: "waiting" }, "Comparing the groups…"));
    const done = await trying(async () => {
      const response = await ask(`/api/runs/${run}/audit`, { json });
      place.replaceChildren(framed("How good it is for each group", await response.text()), commandOf(response));
      return true;
    });
    if (!done) place.replaceChildren();
    button.disabled = false;
  });
}

function forecast() {
  const place = find("#forecast");
  const [start, stop, bar] = [find("#foresee"), find("#stop-foreseeing"), find("#foreseen")];
  const [progress, said] = [bar.parentElement, find("p", bar.parentElement)];
  const address = `/api/runs/${run}/forecast`;

  const show = () =>
    trying(async () => {
      const page = await (await ask(address)).text();
      place.replaceChildren(framed("Would more data help?", page));
    });

  const heard = {
    begin({ work, items }) {
      said.textContent = `${work}…`;
      [bar.max, bar.value] = [Math.max(items, 1), 0];
    },
    advance({ done }) {
      bar.value = done;
    },
  };

  function follow() {
    [start.hidden, stop.hidden, progress.hidden] = [true, false, false];
    said.textContent = "It begins…";
    const events = new EventSource(`${address}/events`);
    events.addEventListener("message", ({ data }) => {
      const event = JSON.parse(data);
      heard[event.event]?.(event);
    });
    events.addEventListener("state", ({ data }) => {
      if (data === "training") return;
      events.close();
      if (data === "finished") show();
      else {
        [start.hidden, stop.hidden, progress.hidden, bar.hidden] = [false, true, false, true];
        said.textContent = "It did not come to its end.";
      }
    });
  }

  start.addEventListener("click", () =>
    trying(async () => {
      await ask(address, { method: "POST" });
      bar.hidden = false;
      follow();
    }),
  );
  stop.addEventListener("click", () => trying(() => ask(`${address}/stop`, { method: "POST" })));
  if (place.dataset.state === "training") follow();
  if (place.dataset.state === "finished") show();
}
