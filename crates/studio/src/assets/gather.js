// Gather: files that are dropped or chosen go to the disk; samples and rows become data sets.
import { all, ask, find, make, nameFrom, say, trying, upload } from "./common.js";

const drop = find("#drop");
const arriving = find("#arriving");
const field = find("#name");

/** The files below an entry that was dropped, each with its path. */
async function filesOf(entry, before = "") {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return [{ path: before + entry.name, file }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) break;
    for (const inner of some) found.push(...(await filesOf(inner, `${before}${entry.name}/`)));
  }
  return found;
}

/** Without what systems put into folders, and without a folder around everything: that is the data's name. */
function tidied(files) {
  const own = files.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX"));
  const first = own[0]?.path.split("/")[0];
  const inOne = own.length > 0 && own.every(({ path }) => path.includes("/") && path.split("/")[0] === first);
  if (!inOne) return { name: own[0] ? nameFrom(own[0].path.split("/").pop()) : "data", files: own };
  return { name: nameFrom(first + "."), files: own.map(({ path, file }) => ({ path: path.slice(first.length + 1), file })) };
}

async function take(found) {
  const { name: usual, files } = tidied(found);
  if (files.length === 0) return say("There was no file in that.", true);
  const name = nameFrom((field.value.trim() || usual) + ".");
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  const bar = make("progress", { max: Math.max(bytes, 1), value: 0, "aria-label": `Taking ${name} in` });
  const words = make("span", {}, "");
  arriving.hidden = false;
  arriving.replaceChildren(make("p", {}, make("b", {}, name), " ", words), bar);
  let [done, count] = [0, 0];
  await trying(async () => {
    // Small files are many: several are on their way at once.
    const waiting = [...files];
    const sender = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        let last = 0;
        await upload(name, next.path, next.file, (at) => {
          done += at - last;
          last = at;
          bar.value = done;
        });
        count += 1;
        words.textContent = `${count} of ${files.length} files`;
      }
    };
    await Promise.all([sender(), sender(), sender()]);
    location.href = `/data/${encodeURIComponent(name)}`;
  });
}

if (drop) {
  drop.addEventListener("submit", (event) => event.preventDefault());
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    trying(async () => take((await Promise.all(entries.map((entry) => filesOf(entry)))).flat()));
  });
  for (const id of ["#files", "#folder"]) {
    find(id).addEventListener("change", (event) => {
      take([...event.target.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
      event.target.value = "";
    });
  }
  find("#paste").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = find("#rows").value;
    const name = nameFrom((field.value.trim() || "rows") + ".");
    // What comes from a spreadsheet has tabs.
    const file = text.split("\n", 1)[0].includes("\t") ? "rows.tsv" : "rows.csv";
    trying(async () => {
      await ask(`/api/data/${encodeURIComponent(name)}/rows`, { json: { file, text } });
      location.href = `/data/${encodeURIComponent(name)}`;
    });
  });
}

for (const tile of all("[data-sample]")) {
  tile.addEventListener("click", () =>
    trying(async () => {
      const { name } = await (await ask(`/api/samples/${tile.dataset.sample}`, { method: "POST" })).json();
      location.href = `/data/${encodeURIComponent(name)}`;
    }),
  );
}

for (const button of all("[data-remove]")) {
  button.addEventListener("click", () => {
    if (!confirm(`Remove ${button.dataset.what} from this machine?`)) return;
    trying(async () => {
      await ask(button.dataset.remove, { method: "DELETE" });
      button.closest("li").remove();
    });
  });
}
