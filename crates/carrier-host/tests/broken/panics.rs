//! What a Rust library without a guard does: its panic meets the border. Linked into `broken.c`.

/// Panics, as a slice index or an unwrap would.
#[unsafe(no_mangle)]
pub extern "C" fn rust_panics() {
    panic!("planted panic");
}
