//! Logarithm of the gamma function.

/// From here on Stirling's series with three terms is right to better than 1e-9.
const SERIES_FROM: f64 = 8.0;

/// ln Γ(x) for x > 0: the recurrence Γ(x+1) = xΓ(x) up to [`SERIES_FROM`], then Stirling's series (Abramowitz and Stegun
/// 6.1.41).
pub(crate) fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < SERIES_FROM {
        product *= x;
        x += 1.0;
    }
    let square = x * x;
    let series = (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1_260.0 / square) / square) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_logarithm_of_factorials() {
        let mut factorial = 1.0_f64;
        for n in 1..20 {
            factorial *= f64::from(n);
            let found = ln_gamma(f64::from(n) + 1.0);
            assert!((found - factorial.ln()).abs() < 1e-8, "{n} {found}");
        }
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-8);
        assert!((ln_gamma(0.01) - 4.599_479_878_042_022).abs() < 1e-8);
    }
}
