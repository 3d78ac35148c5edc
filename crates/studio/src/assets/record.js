// Record: examples of each class from the camera or the microphone, sent as they are made.
import { find, make, nameFrom, say, trying, upload } from "./common.js";
import { record } from "./sound.js";

const form = find("#record");
const [view, wave, classes, done, trouble] = ["#view", "#wave", "#classes", "#done", "#trouble"].map((id) => find(id));
const WORD = 1000;
let stream;
let made = 0;

const device = () => form.elements.with.value;
const dataName = () => nameFrom(form.elements.name.value + ".");

function failed(error) {
  const words = {
    NotAllowedError: "The browser may not use it: allow it beside the address of this page.",
    NotFoundError: `No ${device()} was found.`,
  };
  trouble.textContent = words[error.name] ?? error.message;
  trouble.hidden = false;
}

async function open() {
  trouble.hidden = true;
  if (device() === "microphone") {
    stream?.getTracks().forEach((track) => track.stop());
    stream = undefined;
    [view.hidden, wave.hidden] = [true, false];
    return;
  }
  [view.hidden, wave.hidden] = [false, true];
  if (stream) return;
  stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  view.srcObject = stream;
  await view.play();
}

/** The picture that the camera sees, its middle, in 224 pixels. */
function picture() {
  const side = Math.min(view.videoWidth, view.videoHeight);
  const canvas = make("canvas", { width: 224, height: 224 });
  canvas.getContext("2d").drawImage(view, (view.videoWidth - side) / 2, (view.videoHeight - side) / 2, side, side, 0, 0, 224, 224);
  return new Promise((ready) => canvas.toBlob(ready, "image/png"));
}

function draw(samples) {
  const pen = wave.getContext("2d");
  pen.clearRect(0, 0, wave.width, wave.height);
  pen.strokeStyle = getComputedStyle(wave).color;
  pen.beginPath();
  samples.forEach((sample, i) => pen.lineTo((i / samples.length) * wave.width, (0.5 - sample / 2) * wave.height));
  pen.stroke();
}

async function sound() {
  const recording = await record(draw);
  await new Promise((after) => setTimeout(after, WORD));
  return recording.stop();
}

function addClass(label) {
  let count = 0;
  const name = make("input", { value: label, "aria-label": "Name of this class", maxlength: 40 });
  const counted = make("span", { class: "aside" }, "no examples yet");
  const shown = make("div", { class: "thumbs" });
  const one = async () => {
    await open();
    const camera = device() === "camera";
    const file = camera ? await picture() : await sound();
    const folder = nameFrom(name.value + ".");
    await upload(dataName(), `${folder}/${Date.now()}-${count}.${camera ? "png" : "wav"}`, file);
    [count, made] = [count + 1, made + 1];
    name.readOnly = form.elements.name.readOnly = true;
    counted.textContent = count === 1 ? "1 example" : `${count} examples`;
    if (camera) shown.append(make("img", { src: URL.createObjectURL(file), alt: "", width: 40, height: 40 }));
    done.disabled = made < 2;
  };
  let held;
  const button = make("button", { type: "button", class: "button" }, "Hold to record");
  const begin = () => {
    if (held) return;
    held = true;
    button.classList.add("on");
    (async () => {
      try {
        while (held) {
          await one();
          if (device() === "camera") await new Promise((after) => setTimeout(after, 150));
        }
      } catch (error) {
        held = false;
        failed(error);
      }
      button.classList.remove("on");
    })();
  };
  const end = () => (held = false);
  button.addEventListener("pointerdown", begin);
  for (const kind of ["pointerup", "pointerleave", "pointercancel", "blur", "keyup"]) button.addEventListener(kind, end);
  button.addEventListener("keydown", (event) => {
    if (event.key === " " || event.key === "Enter") begin();
  });
  classes.append(make("div", { class: "tile class" }, name, button, counted, shown));
}

["first", "second"].forEach(addClass);
find("#more").addEventListener("click", () => addClass(`class ${classes.children.length + 1}`));
for (const radio of form.elements.with) radio.addEventListener("change", () => open().catch(failed));
done.addEventListener("click", () => {
  location.href = `/data/${encodeURIComponent(dataName())}`;
});
form.addEventListener("submit", (event) => event.preventDefault());
trying(() => open().catch(failed));
say("Hold a button while you show or say an example.");
