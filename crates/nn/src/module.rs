//! A network as a tree of named parts; saving, loading, counting and training all walk this tree.

use crate::Param;
use pellucid_tensor::{DType, Result};

/// A node of the tree: it shows its parts by name, in a fixed order.
///
/// Structs get it from [`module!`](crate::module), which lists each field once.
/// `Option` (absent parts are not shown), `Vec` (parts named 0, 1, …) and `Box` are modules as well.
pub trait Module {
    /// Shows every part.
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(&str, Part<'a>));
    /// Shows every part, to be changed. The same parts in the same order as [`parts`](Module::parts).
    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(&str, PartMut<'a>));
}

/// A part of a [`Module`].
pub enum Part<'a> {
    /// A leaf.
    Param(&'a Param),
    /// A branch.
    Module(&'a dyn Module),
}

/// A part of a [`Module`], to be changed.
pub enum PartMut<'a> {
    /// A leaf.
    Param(&'a mut Param),
    /// A branch.
    Module(&'a mut dyn Module),
}

/// A field that [`module!`](crate::module) can list: a [`Param`], an `Option<Param>` or any [`Module`].
pub trait Field {
    /// Shows the field under its name.
    fn show<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&str, Part<'a>));
    /// Shows the field under its name, to be changed.
    fn show_mut<'a>(&'a mut self, name: &str, visit: &mut dyn FnMut(&str, PartMut<'a>));
}

impl Field for Param {
    fn show<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&str, Part<'a>)) {
        visit(name, Part::Param(self));
    }
    fn show_mut<'a>(&'a mut self, name: &str, visit: &mut dyn FnMut(&str, PartMut<'a>)) {
        visit(name, PartMut::Param(self));
    }
}

impl Field for Option<Param> {
    fn show<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&str, Part<'a>)) {
        if let Some(param) = self {
            visit(name, Part::Param(param));
        }
    }
    fn show_mut<'a>(&'a mut self, name: &str, visit: &mut dyn FnMut(&str, PartMut<'a>)) {
        if let Some(param) = self {
            visit(name, PartMut::Param(param));
        }
    }
}

impl<M: Module> Field for M {
    fn show<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&str, Part<'a>)) {
        visit(name, Part::Module(self));
    }
    fn show_mut<'a>(&'a mut self, name: &str, visit: &mut dyn FnMut(&str, PartMut<'a>)) {
        visit(name, PartMut::Module(self));
    }
}

/// Implements [`Module`](crate::Module) for a struct from the list of its fields that hold parameters.
///
/// ```
/// use pellucid_nn::{Param, module};
/// struct Affine { scale: Param, shift: Option<Param>, times: usize }
/// module!(Affine { scale, shift });
/// struct Chain { first: Affine, rest: Vec<Affine> }
/// module!(Chain { first, rest });
/// ```
#[macro_export]
macro_rules! module {
    ($name:ty { $($field:ident),* $(,)? }) => {
        impl $crate::Module for $name {
            #[allow(unused_variables)]
            fn parts<'a>(&'a self, visit: &mut dyn FnMut(&str, $crate::Part<'a>)) {
                $($crate::Field::show(&self.$field, stringify!($field), visit);)*
            }
            #[allow(unused_variables)]
            fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(&str, $crate::PartMut<'a>)) {
                $($crate::Field::show_mut(&mut self.$field, stringify!($field), visit);)*
            }
        }
    };
}

impl<M: Module> Module for Option<M> {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(&str, Part<'a>)) {
        if let Some(m) = self {
            m.parts(visit);
        }
    }
    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(&str, PartMut<'a>)) {
        if let Some(m) = self {
            m.parts_mut(visit);
        }
    }
}

impl<M: Module> Module for Vec<M> {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(&str, Part<'a>)) {
        for (i, m) in self.iter().enumerate() {
            visit(&i.to_string(), Part::Module(m));
        }
    }
    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(&str, PartMut<'a>)) {
        for (i, m) in self.iter_mut().enumerate() {
            visit(&i.to_string(), PartMut::Module(m));
        }
    }
}

impl<M: Module + ?Sized> Module for Box<M> {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(&str, Part<'a>)) {
        (**self).parts(visit);
    }
    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(&str, PartMut<'a>)) {
        (**self).parts_mut(visit);
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Every parameter of a network with its dotted path (`blocks.0.weight`), in the order of the fields.
pub fn params(module: &dyn Module) -> Vec<(String, &Param)> {
    fn walk<'a>(module: &'a dyn Module, path: &str, found: &mut Vec<(String, &'a Param)>) {
        module.parts(&mut |name, part| match part {
            Part::Param(param) => found.push((join(path, name), param)),
            Part::Module(inner) => walk(inner, &join(path, name), found),
        });
    }
    let mut found = Vec::new();
    walk(module, "", &mut found);
    found
}

/// As [`params`], to be changed.
pub fn params_mut(module: &mut dyn Module) -> Vec<(String, &mut Param)> {
    fn walk<'a>(module: &'a mut dyn Module, path: &str, found: &mut Vec<(String, &'a mut Param)>) {
        module.parts_mut(&mut |name, part| match part {
            PartMut::Param(param) => found.push((join(path, name), param)),
            PartMut::Module(inner) => walk(inner, &join(path, name), found),
        });
    }
    let mut found = Vec::new();
    walk(module, "", &mut found);
    found
}

/// Calls `f` with the dotted path of every parameter and the parameter.
pub fn visit_params(module: &dyn Module, f: &mut dyn FnMut(&str, &Param)) {
    params(module).into_iter().for_each(|(path, param)| f(&path, param));
}

/// As [`visit_params`], to be changed.
pub fn visit_params_mut(module: &mut dyn Module, f: &mut dyn FnMut(&str, &mut Param)) {
    params_mut(module).into_iter().for_each(|(path, param)| f(&path, param));
}

/// How many numbers training can change: the elements of all parameters that are not buffers.
pub fn parameter_count(module: &dyn Module) -> usize {
    let trained = |p: &&Param| p.role != crate::Role::Buffer;
    params(module).into_iter().map(|(_, p)| p).filter(trained).map(|p| p.value.len()).sum()
}

/// Freezes or thaws every parameter of a part of a network, for fine-tuning.
pub fn set_frozen(module: &mut dyn Module, frozen: bool) {
    visit_params_mut(module, &mut |_, p| p.frozen = frozen);
}

/// Lets every parameter of a part of a network learn at a [`pace`](crate::Param::pace) of its own.
pub fn set_pace(module: &mut dyn Module, pace: f64) {
    visit_params_mut(module, &mut |_, p| p.pace = pace);
}

/// Converts every floating-point parameter to another element type: `f64` for gradient checks.
///
/// # Errors
/// No memory.
pub fn to_dtype(module: &mut dyn Module, dtype: DType) -> Result<()> {
    for (_, param) in params_mut(module) {
        if param.value.dtype().is_float() {
            param.value = param.value.cast(dtype)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Tensor;

    struct Affine {
        scale: Param,
        shift: Option<Param>,
    }
    module!(Affine { scale, shift });

    struct Net {
        first: Affine,
        more: Vec<Option<Affine>>,
        seen: Param,
    }
    module!(Net { first, more, seen });

    fn net() -> Net {
        let t = |n: usize| Tensor::full(1f32, &[n]).unwrap();
        let affine =
            |n, shift: bool| Affine { scale: Param::weight(t(n)), shift: shift.then(|| Param::bias(t(n))) };
        Net { first: affine(3, true), more: vec![Some(affine(2, false)), None], seen: Param::buffer(t(5)) }
    }

    #[test]
    fn paths_follow_the_fields_and_absent_parts_are_not_shown() {
        let mut net = net();
        let paths = ["first.scale", "first.shift", "more.0.scale", "seen"];
        assert_eq!(params(&net).iter().map(|(p, _)| p.as_str()).collect::<Vec<_>>(), paths);
        assert_eq!(params_mut(&mut net).iter().map(|(p, _)| p.as_str()).collect::<Vec<_>>(), paths);
        assert_eq!(parameter_count(&net), 3 + 3 + 2);
    }

    #[test]
    fn conversion_and_freezing_reach_every_parameter() {
        let mut net = net();
        to_dtype(&mut net, DType::F64).unwrap();
        set_frozen(&mut net.more, true);
        visit_params(&net, &mut |path, p| {
            assert_eq!(p.value.dtype(), DType::F64);
            assert_eq!(p.frozen, path.starts_with("more"), "{path}");
        });
    }
}
