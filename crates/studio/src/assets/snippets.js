// What was just done, as other programs ask for it: an HTTP request to `pellucid serve`, and the Rust library.
import { find, make } from "./common.js";

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
const rust = (text) => JSON.stringify(String(text));

const ways = {
  predict(run, { file, row }, served) {
    const body = row ? `-d ${quoted(row)}` : `--data-binary @${quoted(file)}`;
    const address = row ? `${served}/api/predict` : `${served}/api/predict?file=${encodeURIComponent(file)}`;
    return {
      "With curl": `pellucid serve runs/${run}      # once, in another terminal\ncurl -s ${quoted(address)} ${body}`,
      "In Rust": `use pellucid_goals::{Unwatched, predict};\n\nlet answers = predict("runs/${run}".as_ref(), &[${rust(file)}.into()], &mut Unwatched)?;\nfor column in &answers.columns {\n    println!("{}: {:?}", column.name, column.values);\n}`,
    };
  },
  translate: (run, { texts }) => ({
    "In Rust": `use pellucid_goals::translation;\n\nlet model = translation("runs/${run}".as_ref())?;\nlet text = ${rust(texts[0])};\nlet found = model.translate(&[(text, model.way_for(text)?)], 1)?;\nprintln!("{}", found[0].best());`,
  }),
  generate: (run, { prompt = "", length, seed, label }) => ({
    "In Rust": [
      "use pellucid_goals::{Brush, Generator, Writing, generator};\n",
      `match generator("runs/${run}".as_ref())? {`,
      `    Generator::Writes(model) if model.writes_melodies() => std::fs::write("song.mid", model.melody(&Writing { seed: ${seed}, ..Writing::default() })?.to_midi()?)?,`,
      `    Generator::Writes(model) => println!("{}", model.text(&Writing { prompt: ${rust(prompt)}.into(), length: ${length ?? 500}, seed: ${seed}, ..Writing::default() })?),`,
      `    Generator::Paints(model) => drop(model.paint(&[${label ? `Some(model.label(${rust(label)})?)` : "None"}], &Brush { seed: ${seed}, ..Brush::default() }, &mut |_| {})?),`,
      "}",
    ].join("\n"),
  }),
  recommend: () => ({}),
};

/** Shows how other programs do what was just done. */
export function showCode(run, goal, what) {
  const place = find("#code");
  const parts = Object.entries(ways[goal](run, what, place.dataset.served));
  place.hidden = parts.length === 0;
  find("div", place).replaceChildren(...parts.flatMap(([title, code]) => [make("h3", {}, title), make("pre", { class: "code", tabindex: "0" }, code)]));
}
