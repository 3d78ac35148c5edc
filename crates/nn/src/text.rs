//! Networks that people write themselves: `["conv 3x3 32", "relu", "pool 2", "flatten", "dense 128"]`.

use crate::layers::{
    Activate, AvgPool2d, BatchNorm, Conv2d, Dropout, Flatten, GlobalAvgPool, GroupNorm, LayerNorm, Linear,
    MaxPool2d, Pad, Residual, Sequential, SqueezeExcite,
};
use crate::{Layer, Seed};
use pellucid_base::nearest;
use pellucid_kernels::activation::Activation;
use pellucid_tensor::{Error, Result};

/// The largest number that a line may ask for.
const LARGEST: usize = 1 << 16;

type Built = Result<Box<dyn Layer>>;

/// A word that people can use, with an example of its use.
struct Word {
    phrase: &'static str,
    example: &'static str,
    build: fn(&mut Line, &[usize], &Seed) -> Built,
}

const WORDS: &[Word] = &[
    Word { phrase: "conv", example: "conv 3x3 32 stride 2", build: conv },
    Word { phrase: "depthwise conv", example: "depthwise conv 3x3", build: depthwise },
    Word { phrase: "dense", example: "dense 128", build: dense },
    Word { phrase: "relu", example: "relu", build: |_, _, _| activate(Activation::Relu) },
    Word { phrase: "gelu", example: "gelu", build: |_, _, _| activate(Activation::Gelu) },
    Word { phrase: "silu", example: "silu", build: |_, _, _| activate(Activation::Silu) },
    Word { phrase: "sigmoid", example: "sigmoid", build: |_, _, _| activate(Activation::Sigmoid) },
    Word { phrase: "tanh", example: "tanh", build: |_, _, _| activate(Activation::Tanh) },
    Word { phrase: "pool", example: "pool 2", build: max_pool },
    Word { phrase: "max pool", example: "max pool 3x3 stride 2", build: max_pool },
    Word { phrase: "average pool", example: "average pool 2", build: average_pool },
    Word { phrase: "global pool", example: "global pool", build: |_, _, _| Ok(Box::new(GlobalAvgPool)) },
    Word { phrase: "flatten", example: "flatten", build: |_, _, _| Ok(Box::new(Flatten)) },
    Word { phrase: "batch norm", example: "batch norm", build: batch_norm },
    Word { phrase: "layer norm", example: "layer norm", build: layer_norm },
    Word { phrase: "group norm", example: "group norm 8", build: group_norm },
    Word { phrase: "dropout", example: "dropout 0.2", build: dropout },
    Word { phrase: "squeeze excite", example: "squeeze excite 4", build: squeeze_excite },
    Word {
        phrase: "residual",
        example: "residual conv 3x3 32, batch norm, relu, conv 3x3 32",
        build: residual,
    },
];

/// One example of every word, for help texts: `conv 3x3 32 stride 2`, `dense 128`, …
pub fn layer_examples() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|w| w.example)
}

/// Builds a network from one line for each layer, for examples of the shape `input` (without the batch axis):
/// `[height, width, channels]` or `[width]`.
///
/// The words are those of [`layer_examples`]. Convolutions keep a picture's size unless `stride` or `no padding` is
/// said, and take `dilation` and `groups` as well; a pool's window moves by its own size unless `stride` is said;
/// a residual's layers stand on its line, separated by commas, and its way around is fitted to their shape.
///
/// # Errors
/// The first line that is not understood or does not fit the shape before it, with its number, and what to do.
pub fn parse_layers(lines: &[impl AsRef<str>], input: &[usize], seed: &Seed) -> Result<Sequential> {
    let (mut network, mut shape) = (Sequential::new(), input.to_vec());
    for (i, line) in lines.iter().enumerate() {
        let line = line.as_ref().trim();
        let built = build(line, &shape, &seed.part(i));
        let (layer, output) = built.map_err(|why| located(i + 1, line, &shape, why))?;
        network.layers.push(layer);
        shape = output;
    }
    Ok(network)
}

fn located(number: usize, line: &str, shape: &[usize], why: Error) -> Error {
    match why {
        Error::Argument { why, .. } => Error::argument("layers", format!("layer {number} ‘{line}’: {why}")),
        Error::Shape { why, .. } => Error::argument(
            "layers",
            format!("layer {number} ‘{line}’ does not fit its input {shape:?}: {why}"),
        ),
        other => other,
    }
}

/// The layer of a line, and the shape after it.
fn build(line: &str, shape: &[usize], seed: &Seed) -> Result<(Box<dyn Layer>, Vec<usize>)> {
    let mut words = Line::new(line);
    let longest_first = |w: &&Word| w.phrase.split(' ').count();
    let word = WORDS.iter().filter(|w| words.starts_with(w.phrase)).max_by_key(longest_first);
    let word = word.ok_or_else(|| wrong(unknown(line)))?;
    words.skip(word.phrase);
    let layer = (word.build)(&mut words, shape, seed).map_err(|why| match why {
        Error::Argument { op: PARSE, why } => wrong(format!("{why}; an example: ‘{}’", word.example)),
        other => other,
    })?;
    if let Some(extra) = words.rest.first() {
        return Err(wrong(format!("‘{extra}’ is not understood here; an example: ‘{}’", word.example)));
    }
    let output = layer.output_shape(shape)?;
    Ok((layer, output))
}

const PARSE: &str = "line";

fn wrong(why: impl Into<String>) -> Error {
    Error::argument(PARSE, why)
}

fn unknown(line: &str) -> String {
    let name: Vec<&str> =
        line.split_whitespace().take_while(|w| !w.starts_with(|c: char| c.is_ascii_digit())).collect();
    let name = name.join(" ").to_lowercase();
    let known = || WORDS.iter().map(|w| w.phrase);
    match nearest(&name, known()) {
        Some(near) => format!("there is no layer ‘{name}’; did you mean ‘{near}’?"),
        None => format!("there is no layer ‘{name}’; there are {}", known().collect::<Vec<_>>().join(", ")),
    }
}

/// The words of a line that have not been used yet.
struct Line<'a> {
    rest: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn new(line: &'a str) -> Line<'a> {
        Line { rest: line.split_whitespace().collect() }
    }

    fn starts_with(&self, phrase: &str) -> bool {
        let mut rest = self.rest.iter();
        phrase.split(' ').all(|want| rest.next().is_some_and(|word| word.eq_ignore_ascii_case(want)))
    }

    fn skip(&mut self, phrase: &str) {
        self.rest.drain(..phrase.split(' ').count().min(self.rest.len()));
    }

    /// Takes the next word.
    fn next(&mut self, what: &str) -> Result<&'a str> {
        match self.rest.is_empty() {
            false => Ok(self.rest.remove(0)),
            true => Err(wrong(format!("{what} is missing"))),
        }
    }

    /// Takes a number such as `32`.
    fn number(&mut self, what: &str) -> Result<usize> {
        whole(self.next(what)?, what)
    }

    /// Takes a size such as `3` or `3x5`: (rows, columns).
    fn size(&mut self, what: &str) -> Result<(usize, usize)> {
        let word = self.next(what)?;
        match word.split_once(['x', '×', 'X']) {
            Some((rows, cols)) => Ok((whole(rows, what)?, whole(cols, what)?)),
            None => whole(word, what).map(|n| (n, n)),
        }
    }

    /// Takes an option such as `stride 2` from anywhere in the line.
    fn option(&mut self, name: &str) -> Result<Option<usize>> {
        let Some(at) = self.rest.iter().position(|w| w.eq_ignore_ascii_case(name)) else { return Ok(None) };
        let value =
            self.rest.get(at + 1).ok_or_else(|| wrong(format!("the number after ‘{name}’ is missing")))?;
        let value = whole(value, name)?;
        self.rest.drain(at..at + 2);
        Ok(Some(value))
    }

    /// Takes `no padding` from anywhere in the line.
    fn pad(&mut self) -> Pad {
        let said =
            |pair: &[&str]| pair[0].eq_ignore_ascii_case("no") && pair[1].eq_ignore_ascii_case("padding");
        match self.rest.windows(2).position(said) {
            Some(at) => {
                self.rest.drain(at..at + 2);
                Pad::Valid
            }
            None => Pad::Same,
        }
    }
}

fn whole(word: &str, what: &str) -> Result<usize> {
    match word.parse() {
        Ok(n) if (1..=LARGEST).contains(&n) => Ok(n),
        _ => Err(wrong(format!("{what} must be a whole number from 1 to {LARGEST}, not ‘{word}’"))),
    }
}

/// The channels of a picture, which the layer before must give.
fn channels(shape: &[usize]) -> Result<usize> {
    match *shape {
        [_, _, channels] => Ok(channels),
        _ => Err(wrong(format!("needs a picture [height, width, channels], but gets {shape:?}"))),
    }
}

/// The length of the last axis.
fn last(shape: &[usize]) -> Result<usize> {
    shape.last().copied().ok_or_else(|| wrong("needs numbers, but gets a single one"))
}

fn activate(activation: Activation) -> Built {
    Ok(Box::new(Activate(activation)))
}

fn conv(line: &mut Line, shape: &[usize], seed: &Seed) -> Built {
    let inputs = channels(shape)?;
    let (kernel, outputs) = (line.size("the window")?, line.number("the number of output channels")?);
    let groups = line.option("groups")?.unwrap_or(1);
    finish_conv(Conv2d::grouped(seed, inputs, outputs, kernel, groups)?, line)
}

fn depthwise(line: &mut Line, shape: &[usize], seed: &Seed) -> Built {
    let conv = Conv2d::depthwise(seed, channels(shape)?, line.size("the window")?)?;
    finish_conv(conv, line)
}

fn finish_conv(conv: Conv2d, line: &mut Line) -> Built {
    let (stride, dilation) = (line.option("stride")?.unwrap_or(1), line.option("dilation")?.unwrap_or(1));
    Ok(Box::new(conv.stride(stride).dilation(dilation).pad(line.pad())))
}

fn dense(line: &mut Line, shape: &[usize], seed: &Seed) -> Built {
    let [inputs] = *shape else {
        let why =
            format!("needs one row of numbers, but gets {shape:?}; put ‘flatten’ or ‘global pool’ before it");
        return Err(wrong(why));
    };
    Ok(Box::new(Linear::new(seed, inputs, line.number("the number of outputs")?, Activation::Identity)?))
}

fn max_pool(line: &mut Line, _: &[usize], _: &Seed) -> Built {
    let window = line.size("the window")?;
    let stride = line.option("stride")?.map_or(window, |s| (s, s));
    Ok(Box::new(MaxPool2d::with(window, stride, Pad::Valid)))
}

fn average_pool(line: &mut Line, _: &[usize], _: &Seed) -> Built {
    let window = line.size("the window")?;
    let stride = line.option("stride")?.map_or(window, |s| (s, s));
    Ok(Box::new(AvgPool2d::with(window, stride, Pad::Valid)))
}

fn batch_norm(_: &mut Line, shape: &[usize], _: &Seed) -> Built {
    Ok(Box::new(BatchNorm::new(last(shape)?, Activation::Identity)?))
}

fn layer_norm(_: &mut Line, shape: &[usize], _: &Seed) -> Built {
    Ok(Box::new(LayerNorm::new(last(shape)?)?))
}

fn group_norm(line: &mut Line, shape: &[usize], _: &Seed) -> Built {
    Ok(Box::new(GroupNorm::new(channels(shape)?, line.number("the number of groups")?)?))
}

fn dropout(line: &mut Line, _: &[usize], _: &Seed) -> Built {
    let word = line.next("the probability")?;
    let p = word
        .parse()
        .map_err(|_| wrong(format!("the probability must be a number from 0 to 1, not ‘{word}’")))?;
    Ok(Box::new(Dropout::new(p)?))
}

fn squeeze_excite(line: &mut Line, shape: &[usize], seed: &Seed) -> Built {
    Ok(Box::new(SqueezeExcite::new(seed, channels(shape)?, line.number("the reduction")?)?))
}

fn residual(line: &mut Line, shape: &[usize], seed: &Seed) -> Built {
    let inner = std::mem::take(&mut line.rest).join(" ");
    let lines: Vec<&str> = inner.split(',').map(str::trim).filter(|l| !l.is_empty()).collect();
    if lines.is_empty() {
        return Err(wrong("the layers inside are missing"));
    }
    let (body, around) = (seed.part("body"), seed.part("shortcut"));
    let body = parse_layers(&lines, shape, &body).map_err(|why| match why {
        Error::Argument { why, .. } => Error::argument("residual", format!("inside, {why}")),
        other => other,
    })?;
    let output = body.output_shape(shape)?;
    let residual = Residual::new(body);
    if output == shape {
        return Ok(Box::new(residual));
    }
    let cannot =
        || wrong(format!("its layers make {shape:?} into {output:?}, which cannot be added to its input"));
    match (shape, &output[..]) {
        (&[inputs], &[outputs]) => {
            let shortcut = Linear::new(&around, inputs, outputs, Activation::Identity)?.without_bias();
            Ok(Box::new(residual.shortcut(shortcut)))
        }
        (&[height, _, inputs], &[smaller, _, outputs]) if smaller > 0 => {
            let stride = height.div_ceil(smaller);
            let shortcut = Conv2d::new(&around, inputs, outputs, (1, 1))?.stride(stride).without_bias();
            match shortcut.output_shape(shape)? == output {
                true => Ok(Box::new(residual.shortcut(shortcut))),
                false => Err(cannot()),
            }
        }
        _ => Err(cannot()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe;

    fn parse(lines: &[&str], input: &[usize]) -> std::result::Result<Sequential, String> {
        parse_layers(lines, input, &Seed::new(1)).map_err(|e| e.to_string())
    }

    #[test]
    fn a_small_network_has_the_shapes_and_parameters_of_pytorch() {
        let lines = [
            "conv 3x3 32",
            "Batch Norm",
            "relu",
            "max pool 3 stride 2",
            "residual conv 3x3 64 stride 2, batch norm, relu, conv 3x3 64",
            "squeeze excite 4",
            "conv 3×5 16 no padding groups 2",
            "depthwise conv 2",
            "average pool 2",
            "global pool",
            "dropout 0.2",
            "dense 10",
        ];
        let network = parse(&lines, &[28, 28, 1]).unwrap();
        let rows = describe(&network, &[28, 28, 1]).unwrap();
        let summary: Vec<_> = rows.iter().map(|r| (r.name.as_str(), &r.output[..], r.parameters)).collect();
        let want: &[(&str, &[usize], usize)] = &[
            ("conv 3×3, 32", &[28, 28, 32], 320),
            ("batch norm", &[28, 28, 32], 64),
            ("relu", &[28, 28, 32], 0),
            ("max pool 3×3", &[13, 13, 32], 0),
            ("conv 3×3, 64, stride 2", &[7, 7, 64], 18_496),
            ("batch norm", &[7, 7, 64], 128),
            ("relu", &[7, 7, 64], 0),
            ("conv 3×3, 64", &[7, 7, 64], 36_928),
            ("shortcut: conv 1×1, 64, stride 2", &[7, 7, 64], 2048),
            ("add", &[7, 7, 64], 0),
            ("squeeze excite 16", &[7, 7, 64], 2128),
            ("conv 3×5, 16, 2 groups", &[5, 3, 16], 7696),
            ("conv 2×2, 16, 16 groups", &[5, 3, 16], 80),
            ("average pool 2×2", &[2, 1, 16], 0),
            ("global average pool", &[16], 0),
            ("dropout 0.2", &[16], 0),
            ("dense 10", &[10], 170),
        ];
        assert_eq!(summary, want);
        assert_eq!(rows[0].multiply_adds, 28 * 28 * 32 * 9);
        assert_eq!(network.multiply_adds(&[28, 28, 1]), rows.iter().map(|r| r.multiply_adds).sum::<u64>());
    }

    #[test]
    fn every_example_is_understood() {
        for example in layer_examples() {
            let input: &[usize] = if example == "dense 128" { &[8] } else { &[8, 8, 16] };
            assert!(parse(&[example], input).is_ok(), "{example}: {:?}", parse(&[example], input).err());
        }
    }

    #[test]
    fn errors_name_the_line_the_shapes_and_what_to_do() {
        let picture: &[usize] = &[8, 8, 3];
        let cases: [(&[&str], &[usize], &[&str]); 14] = [
            (&["relu", "dense 128"], picture, &["layer 2 ‘dense 128’", "[8, 8, 3]", "flatten"]),
            (&["conf 3x3 32"], picture, &["layer 1", "did you mean ‘conv’"]),
            (&["max pol 2"], picture, &["did you mean ‘max pool’"]),
            (&["transformer 5"], picture, &["there is no layer ‘transformer’", "squeeze excite"]),
            (&[""], picture, &["there is no layer ‘’"]),
            (&["conv 3x3"], picture, &["the number of output channels is missing", "conv 3x3 32"]),
            (&["conv 3y3 32"], picture, &["the window must be a whole number", "3y3"]),
            (&["conv 3x3 32 stride"], picture, &["the number after ‘stride’ is missing"]),
            (&["relu 5"], picture, &["‘5’ is not understood"]),
            (&["dense 99999999999999999999"], &[4], &["from 1 to 65536"]),
            (&["dropout 1.5"], &[4], &["1.5"]),
            (&["pool 4", "pool 4"], picture, &["layer 2 ‘pool 4’", "[2, 2, 3]"]),
            (&["conv 3x3 4", "conv 3x3 8 groups 3"], picture, &["layer 2", "3 groups"]),
            (
                &["residual relu, conv 3x3 8 no padding"],
                picture,
                &["layer 1", "[8, 8, 3] into [6, 6, 8]", "cannot be added"],
            ),
        ];
        for (lines, input, parts) in cases {
            let why = parse(lines, input).err().unwrap();
            for part in parts {
                assert!(why.contains(part), "{lines:?}: {why} (expected ‘{part}’)");
            }
        }
        let inside = parse(&["residual relu, dense 3"], picture).err().unwrap();
        assert!(
            inside.contains("layer 1 ‘residual") && inside.contains("inside, layer 2 ‘dense 3’"),
            "{inside}"
        );
    }
}
