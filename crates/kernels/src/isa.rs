//! Which vector instructions to use: found once at run time, or forced with `PELLUCID_ISA`.

use std::sync::OnceLock;

/// A family of vector instructions, from the most general to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Whatever the compiler emits for the plain target (SSE2 on x86-64, NEON on AArch64).
    Portable,
    /// 256-bit vectors with fused multiply-add (Intel since 2013, AMD since 2015).
    Avx2,
    /// 512-bit vectors (`f`, `bw`, `dq`, `vl`).
    Avx512,
}

impl Isa {
    /// All families, from the most general to the widest.
    pub const ALL: [Isa; 3] = [Isa::Portable, Isa::Avx2, Isa::Avx512];

    /// The name used by `PELLUCID_ISA` and `pellucid doctor`.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        }
    }

    /// The widest family this processor has.
    pub fn detect() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi2");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if avx2 && avx512 {
                return Isa::Avx512;
            }
            if avx2 {
                return Isa::Avx2;
            }
        }
        Isa::Portable
    }
}

/// Whether this processor multiplies bytes four at a time in 512-bit vectors (`avx512vnni`; Intel since 2019, AMD since
/// 2022).
pub fn has_vnni() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        Isa::detect() == Isa::Avx512 && is_x86_feature_detected!("avx512vnni")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The family in use: the widest one, or a narrower one named by the environment variable
/// `PELLUCID_ISA` (`portable`, `avx2`, `avx512`). A name the processor cannot follow is lowered to what it can.
pub fn isa() -> Isa {
    static CHOSEN: OnceLock<Isa> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let widest = Isa::detect();
        let asked = std::env::var("PELLUCID_ISA").unwrap_or_default();
        Isa::ALL.into_iter().find(|family| family.name() == asked).unwrap_or(widest).min(widest)
    })
}

/// Runs `body` compiled for the vector family in use.
///
/// Mark the closure `#[inline(always)]`, and so every function it calls: what is inlined is compiled
/// for the family, what is not stays plain code.
///
/// ```
/// let mut x = [1.0f32; 100];
/// pellucid_kernels::isa::simd(#[inline(always)] || x.iter_mut().for_each(|v| *v += 1.0));
/// assert_eq!(x[99], 2.0);
/// ```
#[inline(always)]
pub fn simd<R>(body: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
        fn avx512<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
        fn avx2<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        match isa() {
            // SAFETY: `isa` returns a family only if the processor has its instructions.
            Isa::Avx512 => return unsafe { avx512(body) },
            // SAFETY: as above.
            Isa::Avx2 => return unsafe { avx2(body) },
            Isa::Portable => {}
        }
    }
    body()
}
