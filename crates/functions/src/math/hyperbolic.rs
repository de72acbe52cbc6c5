//! The hyperbolic cosine to the last digit as Java computes it: by fdlibm, whose exponential function is not always
//! the nearest number.

/// As `StrictMath.cosh`.
pub(super) fn cosh(x: f64) -> f64 {
    let x = x.abs();
    if x < 0.5 * std::f64::consts::LN_2 {
        let t = x.exp_m1();
        let w = 1.0 + t;
        return 1.0 + (t * t) / (w + w);
    }
    if x < 22.0 {
        let t = exp(x);
        return 0.5 * t + 0.5 / t;
    }
    if x <= 709.782_712_893_384 {
        return 0.5 * exp(x);
    }
    // Half of the exponent twice, as the whole would overflow. NaN comes out as it is.
    let w = exp(0.5 * x);
    (0.5 * w) * w
}

/// As `StrictMath.exp`, for numbers that are not below zero.
fn exp(x: f64) -> f64 {
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const P: [f64; 5] = [
        1.666_666_666_666_660_2e-1,
        -2.777_777_777_701_559_3e-3,
        6.613_756_321_437_934e-5,
        -1.653_390_220_546_525_2e-6,
        4.138_136_797_057_238_5e-8,
    ];
    if !x.is_finite() || x > 709.782_712_893_384 {
        return if x.is_nan() { x } else { f64::INFINITY };
    }
    let k = if x <= 0.5 * std::f64::consts::LN_2 {
        0.0
    } else if x < 1.5 * std::f64::consts::LN_2 {
        1.0
    } else {
        (std::f64::consts::LOG2_E * x + 0.5).trunc()
    };
    let (high, low) = (x - k * LN_2_HIGH, k * LN_2_LOW);
    let r = high - low;
    let t = r * r;
    let c = r - t * (P[0] + t * (P[1] + t * (P[2] + t * (P[3] + t * P[4]))));
    if k == 0.0 {
        return 1.0 - ((r * c) / (c - 2.0) - r);
    }
    let y = 1.0 - ((low - (r * c) / (2.0 - c)) - high);
    // In two steps, as 2 to the power of 1024 is infinite.
    y * 2.0_f64.powi(k as i32 - 1) * 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_is_javas() {
        for (x, expected) in [
            (0.0, "1"),
            (1.0, "1.543080634815244"),
            (-1.0, "1.543080634815244"),
            (-0.5, "1.1276259652063807"),
            (711.0, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(cosh(x).to_string(), expected, "{x}");
        }
        assert!((cosh(710.0) / 1.117_384_710_000_4e308 - 1.0).abs() < 1e-3);
    }
}
