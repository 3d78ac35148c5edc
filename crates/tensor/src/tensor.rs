//! Numbers in a shape.

use crate::pool::{Derived, Pooled};
use crate::{Error, Result, Shape};
use pellucid_kernels::buffer::Element;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// 32-bit floating point: what networks compute with.
    F32,
    /// 64-bit floating point: for gradient checks and reference values.
    F64,
    /// 32-bit unsigned integers: classes, categories, positions.
    U32,
    /// Signed bytes: the weights of networks in bytes.
    I8,
    /// Unsigned bytes: what such networks hand from layer to layer.
    U8,
}

impl DType {
    /// The usual short name.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::U32 => "u32",
            DType::I8 => "i8",
            DType::U8 => "u8",
        }
    }

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            DType::F64 => 8,
            DType::F32 | DType::U32 => 4,
            DType::I8 | DType::U8 => 1,
        }
    }

    /// Whether it is one of the types that gradients have.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64)
    }
}

/// A Rust type that a tensor can hold: `f32`, `f64`, `u32`, `i8` or `u8`.
pub trait Scalar: Element {
    /// Its run-time name.
    const DTYPE: DType;
    /// The same number as `f64`.
    fn number(self) -> f64;
    /// The number as this type: rounded to nearest for `f32`, cut off and saturating for integers.
    fn of_number(number: f64) -> Self;
    #[doc(hidden)]
    fn wrap(buffer: Arc<Pooled<Self>>) -> Storage
    where
        Self: Sized;
    #[doc(hidden)]
    fn open(storage: &Storage) -> Option<&Arc<Pooled<Self>>>
    where
        Self: Sized;
    #[doc(hidden)]
    fn open_mut(storage: &mut Storage) -> Option<&mut Arc<Pooled<Self>>>
    where
        Self: Sized;
}

#[doc(hidden)]
#[derive(Clone)]
pub enum Storage {
    F32(Arc<Pooled<f32>>),
    F64(Arc<Pooled<f64>>),
    U32(Arc<Pooled<u32>>),
    I8(Arc<Pooled<i8>>),
    U8(Arc<Pooled<u8>>),
}

/// Evaluates a body with the type behind a dtype.
macro_rules! with_scalar {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            DType::F32 => {
                type $t = f32;
                $body
            }
            DType::F64 => {
                type $t = f64;
                $body
            }
            DType::U32 => {
                type $t = u32;
                $body
            }
            DType::I8 => {
                type $t = i8;
                $body
            }
            DType::U8 => {
                type $t = u8;
                $body
            }
        }
    };
}

macro_rules! scalar {
    ($($t:ty => $v:ident),*) => {$(
        impl Scalar for $t {
            const DTYPE: DType = DType::$v;
            #[allow(clippy::unnecessary_cast)] // for f64
            fn number(self) -> f64 {
                self as f64
            }
            #[allow(clippy::unnecessary_cast)] // for f64
            fn of_number(number: f64) -> $t {
                number as $t
            }
            fn wrap(buffer: Arc<Pooled<$t>>) -> Storage {
                Storage::$v(buffer)
            }
            fn open(storage: &Storage) -> Option<&Arc<Pooled<$t>>> {
                if let Storage::$v(b) = storage { Some(b) } else { None }
            }
            fn open_mut(storage: &mut Storage) -> Option<&mut Arc<Pooled<$t>>> {
                if let Storage::$v(b) = storage { Some(b) } else { None }
            }
        }
    )*};
}
scalar!(f32 => F32, f64 => F64, u32 => U32, i8 => I8, u8 => U8);

/// Numbers of one [`DType`] in a [`Shape`], contiguous in row-major order.
///
/// Cloning shares the memory; [`data_mut`](Tensor::data_mut) copies it first if it is shared, so
/// tensors behave like values. Reshaping and taking rows share as well.
#[derive(Clone)]
pub struct Tensor {
    storage: Storage,
    start: usize,
    shape: Shape,
}

impl Tensor {
    /// A tensor with the given elements.
    ///
    /// # Errors
    /// A shape whose number of elements differs from the data's, or no memory.
    pub fn new<T: Scalar>(data: &[T], shape: &[usize]) -> Result<Tensor> {
        let mut tensor = Tensor::unset::<T>(shape)?;
        if tensor.len() != data.len() {
            return Err(Error::shape(
                "tensor",
                format!("{} elements do not fill the shape {}", data.len(), tensor.shape),
            ));
        }
        tensor.data_mut::<T>()?.copy_from_slice(data);
        Ok(tensor)
    }

    /// A tensor whose elements are unspecified, to be written by whoever asked for it.
    ///
    /// # Errors
    /// An impossible shape, or no memory.
    pub fn unset<T: Scalar>(shape: &[usize]) -> Result<Tensor> {
        let shape = Shape::new(shape)?;
        let storage = T::wrap(Arc::new(Pooled::<T>::take(shape.elements())?));
        Ok(Tensor { storage, start: 0, shape })
    }

    /// A tensor of equal elements.
    ///
    /// # Errors
    /// An impossible shape, or no memory.
    pub fn full<T: Scalar>(value: T, shape: &[usize]) -> Result<Tensor> {
        let mut tensor = Tensor::unset::<T>(shape)?;
        tensor.data_mut::<T>()?.fill(value);
        Ok(tensor)
    }

    /// A tensor of zeros of a run-time element type.
    ///
    /// # Errors
    /// An impossible shape, or no memory.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Result<Tensor> {
        with_scalar!(dtype, T => Tensor::full(T::default(), shape))
    }

    /// A tensor without axes that holds one number.
    ///
    /// # Errors
    /// No memory.
    pub fn scalar<T: Scalar>(value: T) -> Result<Tensor> {
        Tensor::full(value, &[])
    }

    /// The axis lengths.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The length of one axis.
    ///
    /// # Errors
    /// An axis that does not exist.
    pub fn dim(&self, axis: usize) -> Result<usize> {
        self.shape
            .get(axis)
            .copied()
            .ok_or_else(|| Error::argument("dim", format!("axis {axis} of a tensor of shape {}", self.shape)))
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.elements()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        match self.storage {
            Storage::F32(_) => DType::F32,
            Storage::F64(_) => DType::F64,
            Storage::U32(_) => DType::U32,
            Storage::I8(_) => DType::I8,
            Storage::U8(_) => DType::U8,
        }
    }

    /// The elements.
    ///
    /// # Errors
    /// Another element type than `T`.
    pub fn data<T: Scalar>(&self) -> Result<&[T]> {
        let buffer =
            T::open(&self.storage).ok_or_else(|| Error::dtype("data", T::DTYPE.name(), self.dtype()))?;
        Ok(&buffer.as_slice()[self.start..self.start + self.len()])
    }

    /// The elements, to be written; if they are shared with another tensor, they are copied first.
    ///
    /// # Errors
    /// Another element type than `T`, or no memory for the copy.
    pub fn data_mut<T: Scalar>(&mut self) -> Result<&mut [T]> {
        let (dtype, len) = (self.dtype(), self.len());
        let wrong = || Error::dtype("data", T::DTYPE.name(), dtype);
        let shared = T::open(&self.storage).is_some_and(|b| Arc::strong_count(b) > 1);
        if shared {
            let mut copy = Pooled::<T>::take(len)?;
            copy.as_mut_slice().copy_from_slice(self.data()?);
            self.storage = T::wrap(Arc::new(copy));
            self.start = 0;
        }
        let start = self.start;
        let buffer = T::open_mut(&mut self.storage).and_then(Arc::get_mut).ok_or_else(wrong)?;
        Ok(&mut buffer.as_mut_slice()[start..start + len])
    }

    /// Something that `make` works out of the elements, such as a packed copy: kept beside them until they are written, and
    /// shared by all clones.
    ///
    /// One thing of one type is kept for a tensor. If something of another type is there already, or this is a part of
    /// a larger tensor, `make` is called every time.
    ///
    /// # Errors
    /// Another element type than `T`, or what `make` returns.
    pub fn derived<T: Scalar, D: Any + Send + Sync>(
        &self,
        make: impl FnOnce(&[T]) -> Result<D>,
    ) -> Result<Arc<D>> {
        let data = self.data::<T>()?;
        let buffer = T::open(&self.storage).filter(|buffer| buffer.as_slice().len() == data.len());
        let place = buffer.map(|buffer| buffer.derived());
        if let Some(kept) = place.and_then(|place| Arc::clone(place.get()?).downcast::<D>().ok()) {
            return Ok(kept);
        }
        let made = Arc::new(make(data)?);
        if let Some(place) = place {
            // If another thread was faster, its copy stays.
            place.get_or_init(|| Arc::clone(&made) as Derived);
        }
        Ok(made)
    }

    /// The only element of a tensor that has one, as `f64`.
    ///
    /// # Errors
    /// A tensor of more or fewer elements.
    pub fn item(&self) -> Result<f64> {
        if self.len() != 1 {
            return Err(Error::shape("item", format!("expected one element, got the shape {}", self.shape)));
        }
        with_scalar!(self.dtype(), T => Ok(self.data::<T>()?[0].number()))
    }

    /// The elements as `Vec<f64>`, for printing and tests.
    pub fn to_vec(&self) -> Vec<f64> {
        let numbers = with_scalar!(self.dtype(), T => {
            self.data::<T>().map(|all| all.iter().map(|x| x.number()).collect())
        });
        numbers.unwrap_or_default()
    }

    /// The same elements in another shape; shares the memory.
    ///
    /// # Errors
    /// A shape of another number of elements.
    pub fn reshape(&self, shape: &[usize]) -> Result<Tensor> {
        let shape = Shape::new(shape)?;
        if shape.elements() != self.len() {
            return Err(Error::shape("reshape", format!("{} cannot become {shape}", self.shape)));
        }
        Ok(Tensor { shape, ..self.clone() })
    }

    /// Rows `start … start + count` of the first axis; shares the memory.
    ///
    /// # Errors
    /// Rows that do not exist.
    pub fn rows(&self, start: usize, count: usize) -> Result<Tensor> {
        let total = self.dim(0)?;
        if start.checked_add(count).is_none_or(|end| end > total) {
            return Err(Error::argument("rows", format!("rows {start} … {start} + {count} of {total}")));
        }
        let row = self.shape[1..].iter().product::<usize>();
        Ok(Tensor {
            storage: self.storage.clone(),
            start: self.start + start * row,
            shape: self.shape.with(0, count),
        })
    }

    /// The elements converted to another type: rounded to nearest for `f32`, cut off and saturating for integers.
    ///
    /// # Errors
    /// No memory.
    pub fn cast(&self, dtype: DType) -> Result<Tensor> {
        if self.dtype() == dtype {
            return Ok(self.clone());
        }
        with_scalar!(self.dtype(), A => with_scalar!(dtype, B => {
            let mut out = Tensor::unset::<B>(&self.shape)?;
            for (o, &x) in out.data_mut::<B>()?.iter_mut().zip(self.data::<A>()?) {
                *o = B::of_number(x.number());
            }
            Ok(out)
        }))
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor {} {} ", self.dtype().name(), self.shape)?;
        let values = self.to_vec();
        let shown = &values[..values.len().min(16)];
        write!(f, "{shown:?}{}", if shown.len() < values.len() { " …" } else { "" })
    }
}

impl PartialEq for Tensor {
    /// Same element type, shape and elements; as for floating-point numbers, NaN equals nothing.
    fn eq(&self, other: &Tensor) -> bool {
        self.dtype() == other.dtype() && self.shape == other.shape && self.to_vec() == other.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_behave_like_values() {
        let a = Tensor::new(&[1f32, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
        let mut b = a.rows(1, 1).unwrap();
        b.data_mut::<f32>().unwrap()[0] = 9.0;
        assert_eq!(b.to_vec(), [9.0, 4.0]);
        assert_eq!(a.to_vec(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(a.reshape(&[4]).unwrap().to_vec(), a.to_vec());
    }

    #[test]
    fn what_is_derived_is_kept_until_the_elements_are_written() {
        let mut a = Tensor::new(&[1f32, 2.0], &[2]).unwrap();
        let mut b = a.clone();
        let calls = std::cell::Cell::new(0);
        let sum = |t: &Tensor| {
            let sum = t.derived::<f32, f32>(|x| {
                calls.set(calls.get() + 1);
                Ok(x.iter().sum())
            });
            *sum.unwrap()
        };
        assert_eq!((sum(&a), sum(&a), sum(&b), calls.get()), (3.0, 3.0, 3.0, 1));
        b.data_mut::<f32>().unwrap()[0] = 5.0;
        assert_eq!((sum(&a), sum(&b), calls.get()), (3.0, 7.0, 2));
        drop(b);
        a.data_mut::<f32>().unwrap()[0] = 9.0;
        assert_eq!((sum(&a), calls.get()), (11.0, 3));
        assert_eq!((sum(&a.rows(1, 1).unwrap()), sum(&a.rows(1, 1).unwrap()), calls.get()), (2.0, 2.0, 5));
        assert_eq!(*a.derived::<f32, usize>(|x| Ok(x.len())).unwrap(), 2);
        assert!(a.derived::<f64, usize>(|x| Ok(x.len())).is_err());
    }

    #[test]
    fn wrong_shapes_types_and_rows_are_errors() {
        let a = Tensor::new(&[1u32, 2], &[2]).unwrap();
        assert!(a.data::<f32>().is_err() && a.reshape(&[3]).is_err());
        assert!(a.rows(1, 2).is_err() && a.rows(usize::MAX, 2).is_err() && a.item().is_err());
        assert!(Tensor::new(&[1f32], &[2]).is_err());
        assert_eq!(Tensor::scalar(2f64).unwrap().item(), Ok(2.0));
    }

    #[test]
    fn casts_convert_every_pair() {
        use DType::{F32, F64, I8, U8, U32};
        let a = Tensor::new(&[0u32, 7], &[2]).unwrap();
        for to in [F32, F64, U32, I8, U8] {
            for back in [F32, F64, U32, I8, U8] {
                assert_eq!(a.cast(to).unwrap().cast(back).unwrap().to_vec(), [0.0, 7.0]);
            }
        }
        let a = Tensor::new(&[-300f32, 2.9, 300.0], &[3]).unwrap();
        assert_eq!(a.cast(I8).unwrap().to_vec(), [-128.0, 2.0, 127.0]);
        assert_eq!(a.cast(U8).unwrap().to_vec(), [0.0, 2.0, 255.0]);
    }
}
