// What all scripts share: asking the server, saying something, and making elements.

/** An element with attributes (`on…` are listeners) and children. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export const find = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** Says something at the foot of the page, also to those who do not see it. */
export function say(text, isTrouble = false) {
  const says = find("#says");
  says.replaceChildren(make("p", { class: isTrouble ? "trouble" : "" }, text));
  clearTimeout(say.timer);
  if (!isTrouble) say.timer = setTimeout(() => says.replaceChildren(), 6000);
}

/** Asks the server; what it refuses is thrown with its reason. */
export async function ask(address, options = {}) {
  const { json, ...rest } = options;
  if (json !== undefined) {
    rest.body = JSON.stringify(json);
    rest.headers = { "content-type": "application/json", ...rest.headers };
    rest.method ??= "POST";
  }
  let response;
  try {
    response = await fetch(address, rest);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The studio does not answer. Is the program still running?");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The studio answered with ${response.status}.`);
}

/** Runs something that may fail; says why if it does. */
export async function trying(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name !== "AbortError") say(error.message, true);
    return undefined;
  }
}

/** A name that a folder can have. */
export function nameFrom(text) {
  const stem = text.replace(/\.[^.]*$/, "");
  const plain = stem.replace(/[\u0000-\u001f/\\:*?"<>|]+/g, " ").replace(/^[.\-~\s]+|[.\s]+$/g, "").slice(0, 60);
  return plain || "data";
}

/** Sends a file, going on where an earlier try ended; `progress` hears the bytes that are there. */
export async function upload(name, path, file, progress = () => {}) {
  const address = `/api/data/${encodeURIComponent(name)}/files/${path.split("/").map(encodeURIComponent).join("/")}`;
  const head = await ask(address, { method: "HEAD" });
  let at = Number(head.headers.get("upload-offset") ?? 0);
  if (at > file.size || (at === file.size && at > 0)) at = 0;
  const piece = 8 << 20;
  do {
    const body = file.slice(at, at + piece);
    const headers = { "upload-offset": String(at), "upload-length": String(file.size), "content-type": "application/octet-stream" };
    const response = await ask(address, { method: "PUT", body, headers });
    at = Number(response.headers.get("upload-offset"));
    progress(at);
  } while (at < file.size);
}

/** A page within this one, as tall as what it says. */
export function framed(title, page) {
  const frame = make("iframe", { class: "report", title, srcdoc: page });
  frame.addEventListener("load", () => {
    const { documentElement, body } = frame.contentDocument;
    documentElement.classList.add("framed");
    const edges = frame.offsetHeight - frame.clientHeight;
    new ResizeObserver(() => (frame.style.height = `${body.offsetHeight + edges}px`)).observe(body);
  });
  return frame;
}

/** The words of a command, none of which is divided at the end of a line. */
const words = (command) => command.split(" ").flatMap((word) => [make("span", {}, word), " "]).slice(0, -1);

/** A line with the command that does the same in a terminal. */
export function commandOf(response) {
  const told = decodeURIComponent(response.headers.get("pellucid-command") ?? "");
  return make("p", { class: "command" }, make("span", { class: "aside" }, "The same in a terminal: "), make("code", {}, ...words(told)));
}

/** Shows the command that does the same in a terminal. */
export function showCommand(response) {
  const told = response.headers.get("pellucid-command");
  if (told) commandIs(decodeURIComponent(told));
}

export function commandIs(text) {
  const line = find("#command");
  find("code", line).replaceChildren(...words(text));
  line.hidden = false;
}
