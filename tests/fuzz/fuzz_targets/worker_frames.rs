//! Whatever a library makes its worker send is read or refused without a panic, and takes little more memory than it is
//! long: run it with `-malloc_limit_mb=5`, which is more than any list or text of a frame may take.
#![no_main]

use aldis_carrier_host::worker::{FRAME_LIMIT, count_frames, memory_of_frame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = count_frames(bytes);
    // The same bytes as one frame, which gets further in.
    if let Some(memory) = memory_of_frame(bytes) {
        assert!(memory <= bytes.len() + FRAME_LIMIT, "{memory} bytes of {}", bytes.len());
    }
});
