//! Patches of a filter that is set by hand, and what layers see, found by changing pixels.

use super::*;
use crate::networks;
use pellucid_kernels::activation::Activation;
use pellucid_kinds::image::decode;
use pellucid_nn::layers::{Activate, Conv2d, Pad};
use pellucid_nn::{Seed, params_mut};

/// A grey picture of 12 × 12 pixels as bytes: dark to the left of a column or above a row, bright beyond.
fn edge(vertical: bool, at: usize) -> Vec<u8> {
    (0..144).map(|i| if (if vertical { i % 12 } else { i / 12 }) < at { 30 } else { 220 }).collect()
}

#[test]
fn a_filter_for_vertical_edges_shows_vertical_edges() {
    // Without padding: the border of a bright picture is an edge, too.
    let mut conv = Conv2d::new(&Seed::new(1), 1, 2, (3, 3)).unwrap().pad(Pad::Valid);
    // The first filter: what is right less what is left; the second one sees the middle.
    let first = [-1f32, 0.0, 1.0].repeat(3);
    let second = [0f32, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    conv.weight.value = Tensor::new(&[first, second.to_vec()].concat(), &[2, 3, 3, 1]).unwrap();
    let net = Sequential::new().then(conv).then(Activate(Activation::Relu));
    let pictures: Vec<Vec<u8>> = (0..14).map(|i| edge(i % 2 == 0, 3 + i / 2)).collect();
    let numbers: Vec<f32> = pictures.concat().iter().map(|&b| f32::from(b) / 255.0).collect();
    let (blocks, whole) = Block::all(&net, &[12, 12, 1]).unwrap();
    let [block] = blocks.as_slice() else { unreachable!("one layer") };
    let pass = Pass::inference();
    let maps = block.forward(&pass, &pass.input(&Tensor::new(&numbers, &[14, 12, 12, 1]).unwrap())).unwrap();
    let mut peaks = Peaks::default();
    peaks.add(block.map, maps.value()).unwrap();
    let found = strongest(&peaks.values[0], &peaks.places[0], &(0..14).collect::<Vec<_>>());
    assert!(!whole && found.len() == PATCHES && block.map == [10, 10, 2]);
    for patch_found in &found {
        assert!(patch_found.picture.is_multiple_of(2), "only every second one has a vertical edge");
        let place = [patch_found.place / 10, patch_found.place % 10];
        let [rows, cols] = block.reach;
        let frame = Frame::of([rows.start(place[0]), cols.start(place[1])], [3, 3], [12, 12]);
        let bytes = &pictures[patch_found.picture];
        let picture = Picture { bytes, size: [12, 12, 1], sound: false };
        let png = patch(&picture, frame, &|_, _| 1.0).unwrap();
        let shown = decode(&png).unwrap();
        assert_eq!((shown.height, shown.width), (3, 3));
        for row in shown.channels(1).chunks(3) {
            assert!(row[0] == 30 && row[2] == 220, "an edge from dark to bright: {row:?}");
        }
    }
}

/// All layers of a network such as training builds see exactly the pixels that change them: in one whose weights are positive, a bright
/// pixel can only be seen, never be cancelled.
#[test]
fn layers_see_the_pixels_that_change_them() {
    for (size, blocks) in [([24, 20, 2], 1), ([70, 66, 2], 2)] {
        let (mut net, _) = networks::picture(&Seed::new(3), size, 4, blocks, false).unwrap();
        for (_, param) in params_mut(&mut net) {
            param.value.data_mut::<f32>().unwrap().iter_mut().for_each(|x| *x = x.abs() + 0.01);
        }
        let (blocks, whole) = Block::all(&net, &size).unwrap();
        assert!(!whole && blocks.len() > 3);
        let run = |picture: &[f32]| -> Vec<Vec<f32>> {
            let pass = Pass::inference();
            let mut x = pass.input(&Tensor::new(picture, &[1, size[0], size[1], size[2]]).unwrap());
            let of = |block: &Block<'_>| {
                x = block.forward(&pass, &x).unwrap();
                x.value().data::<f32>().unwrap().to_vec()
            };
            blocks.iter().map(of).collect()
        };
        let dark = vec![0.5f32; size.iter().product()];
        let before = run(&dark);
        // Every pixel of some rows and columns: enough to find where what a place sees begins and ends.
        let mut found: Vec<Vec<[Option<[usize; 2]>; 2]>> =
            blocks.iter().map(|block| vec![[None; 2]; block.map[0] * block.map[1]]).collect();
        for (axis, length) in [size[0], size[1]].into_iter().enumerate() {
            for at in 0..length {
                let mut picture = dark.clone();
                for (i, pixel) in picture.chunks_mut(size[2]).enumerate() {
                    if [i / size[1], i % size[1]][axis] == at {
                        pixel.fill(1000.0);
                    }
                }
                for ((block, before), (after, found)) in
                    blocks.iter().zip(&before).zip(run(&picture).iter().zip(&mut found))
                {
                    for (place, seen) in found.iter_mut().enumerate() {
                        let here = place * block.map[2]..(place + 1) * block.map[2];
                        if before[here.clone()] != after[here] {
                            let [first, _] = seen[axis].unwrap_or([at, at]);
                            seen[axis] = Some([first, at + 1]);
                        }
                    }
                }
            }
        }
        for (block, found) in blocks.iter().zip(&found) {
            for (place, seen) in found.iter().enumerate() {
                let places = [place / block.map[1], place % block.map[1]];
                for axis in 0..2 {
                    let range = block.reach[axis].within(places[axis], size[axis]);
                    assert_eq!(seen[axis], Some([range.start, range.end]), "{} at {places:?}", block.does());
                }
            }
        }
    }
}

#[test]
fn frames_are_as_large_as_what_is_seen_but_not_larger_than_the_picture() {
    let frame = Frame::of([-2, 5], [5, 40], [12, 28]);
    assert_eq!(frame, Frame { start: [-2, 0], length: [5, 28] });
    let bytes: Vec<u8> = (0..12 * 28).map(|i| (i % 28) as u8).collect();
    let picture = Picture { bytes: &bytes, size: [12, 28, 1], sound: false };
    let shown = decode(&patch(&picture, frame, &|_, x| if x < 14 { 1.0 } else { 0.0 }).unwrap()).unwrap();
    let grey = shown.channels(1);
    assert!(grey[..56].iter().all(|&b| b == 128), "outside");
    assert_eq!([grey[56], grey[56 + 13], grey[56 + 20]], [0, 13, 6], "dark where it is not lit");
    // A sound's time goes to the right, its frequencies up.
    let sound = Picture { bytes: &bytes, size: [12, 28, 1], sound: true };
    let shown =
        decode(&patch(&sound, Frame { start: [0, 0], length: [12, 28] }, &|_, _| 1.0).unwrap()).unwrap();
    let grey = shown.channels(1);
    let ends = [grey[0], grey[27 * 12]];
    assert_eq!((shown.height, shown.width, ends), (28, 12, [255, 0]), "from its quietest to its loudest");
}
