// Use: whatever the network takes is sent as it is; the answer and the command that gave it come back.
import { all, ask, commandIs, find, framed, make, say, showCommand, trying } from "./common.js";
import { showCode } from "./snippets.js";

const form = find("#use");
const { name: run, base, goal, media } = form.dataset;
const place = find("#answer");

/** From this share on, a row counts as unlike what the network has learned from. */
const UNLIKE = 0.99;

/** The answers to one row, the likeliest first. */
function answerOf({ input, unlike_training: unlike, ...row }) {
  const names = Object.keys(row);
  const ends = ["_p", "_low", "_high", "_set"];
  const isPart = (key) => names.some((target) => target !== key && (ends.some((end) => key === target + end) || key.startsWith(`${target}_p_`)));
  const targets = names.filter((key) => !isPart(key));
  const parts = [];
  for (const target of targets) {
    const sure = row[`${target}_p`];
    const answer = row[target] === null || row[target] === "" ? "no answer" : String(row[target]);
    parts.push(make("p", { class: "said" }, make("small", {}, target), make("b", {}, answer), sure == null ? null : ` ${(100 * sure).toFixed(1)} %`));
    const others = Object.entries(row).filter(([key]) => key.startsWith(`${target}_p_`));
    others.sort(([, a], [, b]) => b - a);
    for (const [key, share] of others.slice(0, 8)) {
      const bar = make("span", { class: "bar-cell" }, make("span", { style: `width:${(100 * share).toFixed(1)}%` }));
      parts.push(make("div", { class: "share" }, make("span", {}, key.slice(target.length + 3)), bar, make("span", { class: "number" }, `${(100 * share).toFixed(1)} %`)));
    }
  }
  if (unlike >= UNLIKE) parts.push(make("p", { class: "aside" }, "This is unlike anything that it has learned from: do not rely on the answer."));
  return make("div", { class: "answer" }, ...parts);
}

function tableOf(rows) {
  const names = Object.keys(rows[0] ?? {});
  const shown = (value) => (typeof value === "number" && !Number.isInteger(value) ? value.toFixed(4) : String(value ?? ""));
  const line = (row) => make("tr", {}, ...names.map((name) => make("td", {}, shown(row[name]))));
  const head = make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name))));
  return make("div", { class: "scroll" }, make("table", {}, head, make("tbody", {}, ...rows.slice(0, 200).map(line))));
}

const csv = (rows) => {
  const names = Object.keys(rows[0] ?? {});
  const quoted = (value) => (/[",\n]/.test(String(value ?? "")) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((cells) => cells.map(quoted).join(",")).join("\n");
};

function download(name, content) {
  const address = URL.createObjectURL(new Blob([content]));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

let given;

async function predict(name, body) {
  given = { name, body };
  place.setAttribute("aria-busy", "true");
  await trying(async () => {
    const { rows, command, warnings } = await (await ask(`${base}/predict?file=${encodeURIComponent(name)}`, { method: "POST", body })).json();
    if (command) commandIs(command);
    showCode(run, "predict", { file: name, row: media || name !== "row.json" ? null : typed() });
    if (warnings) say(warnings, true);
    if (rows.length === 1) place.replaceChildren(answerOf(rows[0]));
    else {
      const keep = make("button", { type: "button", class: "button quiet", onclick: () => download(`${run}-answers.csv`, csv(rows)) }, "Keep the answers");
      place.replaceChildren(make("p", {}, `${rows.length.toLocaleString()} answers`), keep, tableOf(rows));
    }
    const why = find("#why");
    if (why) why.hidden = false;
  });
  place.removeAttribute("aria-busy");
}

/** Asks for the reasons of an answer, which are a page, and shows them below it. */
async function reason(address, question) {
  const waiting = make("p", { class: "waiting" }, "Taking the input apart…");
  place.append(waiting);
  await trying(async () => {
    const response = await ask(address, question);
    showCommand(response);
    all("iframe", place).forEach((old) => old.remove());
    place.append(framed("Why it answered so", await response.text()));
  });
  waiting.remove();
}

async function explain() {
  if (given) await reason(`${base}/explain?file=${encodeURIComponent(given.name)}`, { method: "POST", body: given.body });
}

/** What was typed into the fields, as a table of one row. */
function typed() {
  const fields = all(".inputs [name]");
  return JSON.stringify([Object.fromEntries(fields.map((field) => [field.name, field.value]))]);
}

function shows(file) {
  const address = URL.createObjectURL(file);
  const shown = find(media === "image" ? "#given" : "#heard");
  shown.src = address;
  shown.hidden = false;
}

if (goal === "predict") {
  const drop = find("#drop");
  find("#file")?.addEventListener("change", ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    if (media) shows(file);
    predict(file.name, file);
  });
  drop?.addEventListener("dragover", (event) => event.preventDefault());
  drop?.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (!file) return;
    shows(file);
    predict(file.name, file);
  });
  find("#why")?.addEventListener("click", async () => {
    if (!media) await predict("row.json", new Blob([typed()]));
    await explain();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!media) predict("row.json", new Blob([typed()]));
  });
  if (media === "image") pictures();
  if (media === "audio") sounds();
}

function pictures() {
  const [view, paper, taking] = [find("#view"), find("#paper"), find("#take")];
  const pen = paper.getContext("2d", { willReadFrequently: true });
  const blank = () => {
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, paper.width, paper.height);
  };
  let stream;
  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = undefined;
    view.hidden = true;
  };
  find("#camera").addEventListener("click", () =>
    trying(async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      view.srcObject = stream;
      await view.play();
      [view.hidden, taking.hidden, paper.hidden] = [false, false, true];
    }),
  );
  find("#draw").addEventListener("click", () => {
    stop();
    blank();
    [paper.hidden, taking.hidden] = [false, false];
    paper.focus();
  });
  let from;
  paper.addEventListener("pointerdown", (event) => {
    paper.setPointerCapture(event.pointerId);
    from = [event.offsetX, event.offsetY];
  });
  paper.addEventListener("pointermove", (event) => {
    if (!from) return;
    const scale = paper.width / paper.clientWidth;
    Object.assign(pen, { strokeStyle: "#fff", lineWidth: 20, lineCap: "round" });
    pen.beginPath();
    pen.moveTo(from[0] * scale, from[1] * scale);
    from = [event.offsetX, event.offsetY];
    pen.lineTo(from[0] * scale, from[1] * scale);
    pen.stroke();
  });
  paper.addEventListener("pointerup", () => (from = undefined));
  taking.addEventListener("click", () => {
    if (stream) {
      [paper.width, paper.height] = [view.videoWidth, view.videoHeight];
      pen.drawImage(view, 0, 0);
    }
    paper.toBlob((picture) => predict("picture.png", picture), "image/png");
  });
}

async function sounds() {
  const { record } = await import("./sound.js");
  const button = find("#microphone");
  let recording;
  button.addEventListener("click", () =>
    trying(async () => {
      if (recording) {
        const file = await recording.stop();
        recording = undefined;
        button.textContent = "Use the microphone";
        shows(file);
        await predict("sound.wav", file);
        return;
      }
      recording = await record();
      button.textContent = "Stop and ask";
    }),
  );
}

/** A melody with its piano roll, on which a line follows what is heard. */
async function heard(wish, sound) {
  const player = make("audio", { src: sound, controls: true, autoplay: true });
  const keep = [["Keep the sound", sound, `${run}.wav`]];
  const paper = make("figure", { class: "roll" });
  place.replaceChildren(paper, player);
  const of = async (form) => (await ask(`${base}/generate?${new URLSearchParams([...wish, ["form", form]])}`, { method: "POST" })).blob();
  const [drawn, notes] = await Promise.all([of("roll"), of("midi")]);
  keep.push(["Keep the notes (MIDI)", URL.createObjectURL(notes), `${run}.mid`]);
  place.append(make("div", { class: "buttons" }, ...keep.map(([text, href, download]) => make("a", { class: "button quiet", href, download }, text))));
  paper.innerHTML = await drawn.text();
  follow(player, find("svg", paper));
}

/** Moves a line over a piano roll of several lines as its melody is played. */
function follow(player, roll) {
  const facts = find("[data-steps]", roll).dataset;
  const [steps, across, lines] = ["steps", "across", "lines"].map((name) => Number(facts[name]));
  const { width, height } = roll.viewBox.baseVal;
  const now = document.createElementNS("http://www.w3.org/2000/svg", "line");
  now.setAttribute("class", "now");
  roll.append(now);
  const move = () => {
    const step = Math.min((steps * player.currentTime) / (player.duration || 1), steps - 1e-6);
    const [line, x] = [Math.floor(step / across), ((step % across) / across) * width];
    for (const [name, value] of Object.entries({ x1: x, x2: x, y1: (line * height) / lines, y2: ((line + 1) * height) / lines })) now.setAttribute(name, value);
    if (!player.paused) requestAnimationFrame(move);
  };
  for (const event of ["play", "seeked"]) player.addEventListener(event, move);
}

const goals = {
  async translate() {
    const texts = find("#text").value.split("\n").filter((line) => line.trim());
    if (texts.length === 0) return;
    const { command, lines } = await (await ask(`${base}/translate`, { json: { texts } })).json();
    commandIs(command);
    showCode(run, "translate", { texts });
    const why = make("button", { type: "button", class: "button quiet", onclick: () => reason(`${base}/translate/explain`, { json: { texts } }) }, "Why these words?");
    place.replaceChildren(...lines.map((line) => make("p", { class: "translated" }, line.translations[0]?.text ?? "")), make("div", { class: "buttons" }, why));
  },
  async generate() {
    const wish = new URLSearchParams({ seed: String(Math.floor(Math.random() * 1e6)) });
    for (const field of all("[name]", form)) if (field.value) wish.set(field.name, field.value);
    const response = await ask(`${base}/generate?${wish}`, { method: "POST" });
    showCommand(response);
    showCode(run, "generate", Object.fromEntries(wish));
    const kind = response.headers.get("content-type");
    if (kind.startsWith("text/")) {
      const text = make("p", { class: "written" });
      place.replaceChildren(text);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text.append(piece.value);
      return;
    }
    const address = URL.createObjectURL(await response.blob());
    if (kind.startsWith("audio/")) await heard(wish, address);
    else {
      const keep = make("a", { class: "button quiet", href: address, download: `${run}.png` }, "Keep the pictures");
      place.replaceChildren(make("img", { src: address, alt: "What it painted", class: "painted" }), make("div", { class: "buttons" }, keep));
    }
  },
  async recommend() {
    const user = find("#user").value.trim() || null;
    const liked = find("#liked").value.split("\n").map((line) => line.trim()).filter(Boolean);
    const { command, lines } = await (await ask(`${base}/recommend`, { json: { user, liked } })).json();
    commandIs(command);
    showCode(run, "recommend", { user, liked });
    const item = ({ item: name, title, rating, because }) => {
      const why = (because ?? []).map((reason) => reason.title ?? reason.item).join(", ");
      return make("li", {}, make("b", {}, title ?? name), rating ? ` · expected rating ${rating.toFixed(1)}` : "", why ? make("small", {}, `because of ${why}`) : null);
    };
    place.replaceChildren(make("ol", { class: "recommended" }, ...lines.map(item)));
  },
};

if (goals[goal]) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = find("button", form);
    button.disabled = true;
    place.setAttribute("aria-busy", "true");
    await trying(goals[goal]);
    place.removeAttribute("aria-busy");
    button.disabled = false;
  });
}
