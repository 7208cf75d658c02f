//! Time and randomness, as ports.

use jiff::Timestamp;

/// Tells the time. Only the program's system clock and test clocks implement it.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Gives secret random bits from the operating system.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with fresh random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// 128 fresh random bits.
    fn u128(&self) -> u128 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        u128::from_be_bytes(bytes)
    }
}
