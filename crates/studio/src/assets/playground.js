// Playground: a network in a page, with every number on show. What really learns is the engine of the program; this one is for the eye.
import { all, ask, find, make, say, trying } from "./common.js";

const BLUE = [11, 99, 165];
const RED = [194, 65, 12];
const GRID = 20;
const svg = (name, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

/** Random numbers that are the same each time. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/* Examples: { x: [across, up], y: 0 or 1 }, both numbers about from -1 to 1. */

const shapes = {
  circle(random) {
    const inner = random() < 0.5;
    const [angle, radius] = [2 * Math.PI * random(), inner ? 0.45 * Math.sqrt(random()) : 0.65 + 0.3 * random()];
    return { x: [radius * Math.cos(angle), radius * Math.sin(angle)], y: inner ? 1 : 0 };
  },
  moons(random) {
    const [upper, angle] = [random() < 0.5, Math.PI * random()];
    const noise = () => 0.16 * (random() - 0.5);
    const x = upper ? [Math.cos(angle) - 0.4, Math.sin(angle) - 0.2] : [0.4 - Math.cos(angle), 0.2 - Math.sin(angle)];
    return { x: x.map((value) => 0.65 * value + noise()), y: upper ? 1 : 0 };
  },
  corners(random) {
    const x = [2 * random() - 1, 2 * random() - 1];
    return { x, y: x[0] * x[1] > 0 ? 1 : 0 };
  },
  spiral(random) {
    const [one, t] = [random() < 0.5, random()];
    const angle = 1.6 * 2 * Math.PI * t + (one ? 0 : Math.PI);
    const radius = 0.1 + 0.85 * t;
    return { x: [radius * Math.cos(angle), radius * Math.sin(angle)], y: one ? 1 : 0 };
  },
};

const made = (name, random) => Array.from({ length: 200 }, () => shapes[name](random));

/* The network. */

const bends = {
  tanh: { of: Math.tanh, slope: (y) => 1 - y * y },
  relu: { of: (z) => Math.max(0, z), slope: (y) => (y > 0 ? 1 : 0) },
  none: { of: (z) => z, slope: () => 1 },
};
const sigmoid = (z) => 1 / (1 + Math.exp(-z));

class Network {
  constructor(sizes, bend, random) {
    this.bend = bends[bend];
    const draw = (inputs) => (2 * random() - 1) * Math.sqrt(3 / inputs);
    this.layers = sizes.slice(1).map((outputs, i) =>
      Array.from({ length: outputs }, () => ({ weights: Array.from({ length: sizes[i] }, () => draw(sizes[i])), bias: 0 })),
    );
  }

  /** What every neuron gives, layer by layer; the last is the probability. */
  forward(x) {
    const values = [x];
    this.layers.forEach((layer, i) => {
      const before = values[i];
      const last = i + 1 === this.layers.length;
      const sum = ({ weights, bias }) => weights.reduce((total, w, k) => total + w * before[k], bias);
      values.push(layer.map((neuron) => (last ? sigmoid(sum(neuron)) : this.bend.of(sum(neuron)))));
    });
    return values;
  }

  /** How much the loss grows with each sum, from the last layer to the first. */
  backward(values, y) {
    const slopes = [];
    for (let i = this.layers.length - 1; i >= 0; i -= 1) {
      const out = values[i + 1];
      if (i + 1 === this.layers.length) slopes[i] = [out[0] - y];
      else {
        slopes[i] = out.map((value, k) => {
          const from = this.layers[i + 1].reduce((total, { weights }, j) => total + weights[k] * slopes[i + 1][j], 0);
          return from * this.bend.slope(value);
        });
      }
    }
    return slopes;
  }

  /** The mean gradient of some examples, in the form of the layers. */
  gradient(examples) {
    const sums = this.layers.map((layer) => layer.map(({ weights }) => ({ weights: weights.map(() => 0), bias: 0 })));
    for (const { x, y } of examples) {
      const values = this.forward(x);
      const slopes = this.backward(values, y);
      sums.forEach((layer, i) =>
        layer.forEach((sum, j) => {
          const slope = slopes[i][j] / examples.length;
          sum.bias += slope;
          values[i].forEach((value, k) => (sum.weights[k] += slope * value));
        }),
      );
    }
    return sums;
  }

  move(gradient, pace) {
    this.layers.forEach((layer, i) =>
      layer.forEach((neuron, j) => {
        neuron.bias -= pace * gradient[i][j].bias;
        neuron.weights = neuron.weights.map((w, k) => w - pace * gradient[i][j].weights[k]);
      }),
    );
  }

  loss(examples) {
    const one = ({ x, y }) => {
      const p = this.forward(x).at(-1)[0];
      return -Math.log(Math.max(1e-9, y === 1 ? p : 1 - p));
    };
    return examples.reduce((total, example) => total + one(example), 0) / examples.length;
  }
}

/* The page. */

let examples = made("circle", randomFrom(1));
let labels = ["out", "in"];
let hidden = [4, 3];
let network;
let losses = [];
let playing = false;
let slow = null;
let draws = 1;

const pace = () => 10 ** Number(find("#pace").value);
const format = (value) => (Object.is(Math.round(value * 100), -0) ? "0.00" : value.toFixed(2)).replace("-", "−");

function begin() {
  draws += 1;
  network = new Network([2, ...hidden, 1], find("#bend").value, randomFrom(draws));
  losses = [network.loss(examples)];
  slow = null;
  tell("");
  draw();
}

function step(times = 1) {
  for (let i = 0; i < times; i += 1) network.move(network.gradient(examples), pace());
  losses.push(network.loss(examples));
}

const tell = (text) => (find("#told").textContent = text);

/** Where a neuron is drawn. */
function place(layer, i) {
  const sizes = [2, ...hidden, 1];
  const x = 70 + (layer / (sizes.length - 1)) * 740;
  const gap = Math.min(92, 380 / sizes[layer]);
  return [x, 210 + (i - (sizes[layer] - 1) / 2) * gap];
}

const colour = (value, strength = 1) => {
  const [rgb, share] = [value >= 0 ? BLUE : RED, Math.min(1, Math.abs(value)) * strength];
  return `rgba(${rgb.join(",")},${share.toFixed(3)})`;
};

/** What each neuron gives over the plane, as small pictures. */
function maps() {
  const grids = [2, ...hidden, 1].map((size) => Array.from({ length: size }, () => new Float32Array(GRID * GRID)));
  for (let row = 0; row < GRID; row += 1) {
    for (let column = 0; column < GRID; column += 1) {
      const x = [(2 * column) / (GRID - 1) - 1, 1 - (2 * row) / (GRID - 1)];
      network.forward(x).forEach((layer, l) =>
        layer.forEach((value, i) => (grids[l][i][row * GRID + column] = l + 1 === grids.length ? 2 * value - 1 : value)),
      );
    }
  }
  return grids;
}

const scratch = make("canvas", { width: GRID, height: GRID });
function picture(grid) {
  const pen = scratch.getContext("2d");
  const image = pen.createImageData(GRID, GRID);
  grid.forEach((value, i) => {
    const share = Math.min(1, Math.abs(value));
    (value >= 0 ? BLUE : RED).forEach((part, k) => (image.data[4 * i + k] = 255 + share * (part - 255)));
    image.data[4 * i + 3] = 255;
  });
  pen.putImageData(image, 0, 0);
  return scratch.toDataURL();
}

function drawNetwork(grids) {
  const place_ = find("#network");
  const parts = [];
  const shown = slow?.stage ?? 0;
  network.layers.forEach((layer, l) =>
    layer.forEach(({ weights }, j) =>
      weights.forEach((weight, k) => {
        const [[x1, y1], [x2, y2]] = [place(l, k), place(l + 1, j)];
        const back = shown >= 3 && slow.gradient[l][j].weights[k];
        const value = back === false ? weight : back;
        const line = svg("path", {
          d: `M${x1 + 26} ${y1} C ${x1 + 90} ${y1}, ${x2 - 90} ${y2}, ${x2 - 26} ${y2}`,
          fill: "none",
          stroke: colour(Math.sign(value) * Math.max(0.25, Math.min(1, Math.abs(value)))),
          "stroke-width": Math.min(9, 0.6 + 3 * Math.abs(value)).toFixed(2),
          "stroke-dasharray": back === false ? "none" : "7 5",
        });
        line.append(svg("title", {}, back === false ? `weight ${format(weight)}` : `weight ${format(weight)}, gradient ${format(back)}`));
        parts.push(line);
      }),
    ),
  );
  grids.forEach((layer, l) =>
    layer.forEach((grid, i) => {
      const [x, y] = place(l, i);
      parts.push(svg("image", { href: picture(grid), x: x - 26, y: y - 26, width: 52, height: 52, style: "image-rendering:pixelated" }));
      parts.push(svg("rect", { x: x - 26, y: y - 26, width: 52, height: 52, rx: 6, class: "frame" }));
      if (shown >= 1) parts.push(svg("text", { x, y: y + 42, class: "value" }, format(slow.values[l][i])));
      if (shown >= 3 && l > 0) parts.push(svg("text", { x, y: y - 33, class: "value back" }, `∂ ${format(slow.slopes[l - 1][i])}`));
    }),
  );
  const names = ["across", "up"];
  names.forEach((name, i) => parts.push(svg("text", { x: 8, y: place(0, i)[1] + 4, class: "name" }, name)));
  const [x, y] = place(hidden.length + 1, 0);
  parts.push(svg("text", { x: x + 34, y: y + 4, class: "name" }, labels[1].slice(0, 9)));
  place_.replaceChildren(...parts);
}

function drawPlane(grid) {
  const canvas = find("#plane");
  const pen = canvas.getContext("2d");
  picture(grid);
  pen.imageSmoothingEnabled = true;
  pen.globalAlpha = 0.55;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(scratch, 0, 0, canvas.width, canvas.height);
  pen.globalAlpha = 1;
  const at = ([a, b]) => [((a + 1) / 2) * canvas.width, ((1 - b) / 2) * canvas.height];
  for (const { x, y } of examples) {
    const [h, v] = at(x);
    pen.beginPath();
    pen.arc(h, v, 4, 0, 2 * Math.PI);
    pen.fillStyle = `rgb(${(y === 1 ? BLUE : RED).join(",")})`;
    pen.strokeStyle = "#fff";
    pen.fill();
    pen.stroke();
  }
  if (slow) {
    const [h, v] = at(slow.example.x);
    pen.beginPath();
    pen.arc(h, v, 9, 0, 2 * Math.PI);
    pen.strokeStyle = "#000";
    pen.lineWidth = 2.5;
    pen.stroke();
    pen.lineWidth = 1;
  }
}

function drawLoss() {
  const place_ = find("#loss");
  const most = Math.max(0.75, ...losses);
  const every = Math.max(1, Math.ceil(losses.length / 400));
  const points = losses.filter((_, i) => i % every === 0 || i === losses.length - 1);
  const path = points.map((loss, i) => `${40 + (410 * i) / Math.max(1, points.length - 1)} ${260 - (240 * loss) / most}`);
  const grid = [0, 0.5, 1].map((share) => svg("path", { class: "grid", d: `M40 ${260 - 240 * share}H450` }));
  const marks = [0, 0.5, 1].map((share) => svg("text", { x: 32, y: 264 - 240 * share, "text-anchor": "end" }, (most * share).toFixed(2)));
  place_.replaceChildren(...grid, ...marks, svg("path", { class: "curve validation", d: `M${path.join("L")}` }));
  const right = examples.filter(({ x, y }) => network.forward(x).at(-1)[0] > 0.5 === (y === 1)).length;
  find("#score").textContent = `After ${(losses.length - 1).toLocaleString()} looks: loss ${losses.at(-1).toFixed(3)}, ${right} of ${examples.length} right.`;
}

function draw() {
  const grids = maps();
  drawNetwork(grids);
  drawPlane(grids.at(-1)[0]);
  drawLoss();
}

/* One step in slow motion: forward, loss, backward, the step. */

function slower() {
  playing = false;
  find("#play").textContent = "Learn";
  if (!slow) {
    const example = examples[Math.floor(examples.length * randomFrom(losses.length)())];
    slow = { stage: 0, example, values: network.forward(example.x) };
  }
  slow.stage += 1;
  const { example, values } = slow;
  const p = values.at(-1)[0];
  const loss = -Math.log(Math.max(1e-9, example.y === 1 ? p : 1 - p));
  if (slow.stage === 1) {
    const [a, b] = example.x;
    tell(`1. Forward. The ringed example comes in: across ${format(a)}, up ${format(b)}. Each neuron multiplies, adds and bends; its answer stands below it. The last one says ${(100 * p).toFixed(0)} % "${labels[1]}".`);
  } else if (slow.stage === 2) {
    tell(`2. The loss. In truth it is "${labels[example.y]}". The network gave that a probability of ${(100 * (example.y === 1 ? p : 1 - p)).toFixed(0)} %, so the loss is −ln ${(example.y === 1 ? p : 1 - p).toFixed(2)} = ${loss.toFixed(2)}.`);
  } else if (slow.stage === 3) {
    slow.slopes = network.backward(values, example.y);
    slow.gradient = network.gradient([example]);
    tell(`3. Backward. Above each neuron stands how much the loss grows with its sum. For the last one that is simply answer less truth: ${format(p)} − ${example.y} = ${format(p - example.y)}. Each earlier one gets its share through the weights. Dashed lines show the gradient of each weight.`);
  } else {
    network.move(slow.gradient, pace());
    const after = network.forward(example.x).at(-1)[0];
    losses.push(network.loss(examples));
    slow = null;
    tell(`4. The step. Every weight moved against its gradient, by ${pace().toFixed(3)} times it. The same example now gets ${(100 * after).toFixed(0)} % "${labels[1]}" instead of ${(100 * p).toFixed(0)} %.`);
  }
  draw();
}

/* Examples of one's own. */

let table = null;

async function own(name) {
  const found = await (await ask(`/api/data/${encodeURIComponent(name)}/rows?count=200`)).json();
  const column = (i) => found.rows.map((row) => row[i]);
  const about = found.columns.map((title, i) => {
    const cells = column(i);
    const numbers = cells.every(({ is }) => is === "number" || is === "missing");
    return { title, i, numbers, values: new Set(cells.filter(({ is }) => is !== "missing").map(({ value }) => value)) };
  });
  const numbers = about.filter((one) => one.numbers && one.values.size > 2);
  const groups = about.filter((one) => one.values.size > 1 && (one.values.size <= 12 || one.numbers));
  if (numbers.length < 2 || groups.length === 0) throw new Error(`${name} does not have two columns of numbers and one that tells groups apart.`);
  table = { found, about };
  const options = (list, chosen) => list.map(({ title, i }) => make("option", { value: i, selected: i === chosen }, title));
  find("#across").replaceChildren(...options(numbers, numbers[0].i));
  find("#up").replaceChildren(...options(numbers, numbers[1].i));
  const colours = groups.filter((one) => one.values.size <= 12);
  find("#colour").replaceChildren(...options(groups, (colours.at(-1) ?? groups.at(-1)).i));
  find("#columns").hidden = false;
  fromTable();
}

function fromTable() {
  const [across, up, colours] = ["#across", "#up", "#colour"].map((id) => Number(find(id).value));
  const rows = table.found.rows.filter((row) => [across, up, colours].every((i) => row[i].is !== "missing"));
  const scaled = (i) => {
    const values = rows.map((row) => row[i].value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (value) => (high > low ? 1.8 * ((value - low) / (high - low)) - 0.9 : 0);
  };
  const [a, b] = [scaled(across), scaled(up)];
  const values = [...table.about[colours].values];
  let is;
  if (table.about[colours].numbers && values.length > 2) {
    const middle = [...values].sort((p, q) => p - q)[Math.floor(values.length / 2)];
    labels = [`below ${middle}`, `${middle} or more`];
    is = (value) => value >= middle;
  } else {
    labels = [`not ${values[0]}`, String(values[0])];
    if (values.length === 2) labels[0] = String(values[1]);
    is = (value) => value === values[0];
  }
  examples = rows.map((row) => ({ x: [a(row[across].value), b(row[up].value)], y: is(row[colours].value) ? 1 : 0 }));
  begin();
}

find("#from").addEventListener("change", ({ target }) => {
  if (target.value.startsWith("data:")) {
    trying(() => own(target.value.slice(5)));
    return;
  }
  find("#columns").hidden = true;
  labels = target.value === "circle" ? ["out", "in"] : ["red", "blue"];
  examples = made(target.value, randomFrom(1));
  begin();
});
all("#across, #up, #colour").forEach((list) => list.addEventListener("change", fromTable));
find("#bend").addEventListener("change", begin);
find("#again").addEventListener("click", begin);
find("#step").addEventListener("click", () => {
  slow = null;
  tell("");
  step();
  draw();
});
find("#slow").addEventListener("click", slower);
find("#more").addEventListener("click", () => {
  if (hidden.length >= 4) return say("Four layers are as many as fit here.");
  hidden.push(3);
  return begin();
});
find("#less").addEventListener("click", () => {
  if (hidden.length === 0) return say("There is none left: the two numbers go straight to the answer.");
  hidden.pop();
  return begin();
});
find("#play").addEventListener("click", ({ target }) => {
  playing = !playing;
  target.textContent = playing ? "Pause" : "Learn";
  slow = null;
  tell("");
  const turn = () => {
    if (!playing) return;
    step(5);
    draw();
    requestAnimationFrame(turn);
  };
  turn();
});

begin();
