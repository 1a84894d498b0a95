//! Turns `proto/` into Rust with protox: nobody needs protoc.

use prost::Message as _;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

const PROTO: &str = "aldis/delivery/v1/delivery.proto";

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.join(PROTO).display());

    let described = protox::compile([PROTO], [&root])?;
    // For reflection and for the test that v1 only grows.
    let out = PathBuf::from(env::var("OUT_DIR")?).join("aldis.delivery.v1.bin");
    fs::write(out, described.encode_to_vec())?;

    tonic_prost_build::configure()
        .btree_map(".")
        // They hold numbers, texts and signatures; wire.rs writes its own.
        .skip_debug([
            "aldis.delivery.v1.SendMessageRequest",
            "aldis.delivery.v1.HandleCallbackRequest",
            "aldis.delivery.v1.HandleCallbackResponse",
            "aldis.delivery.v1.CallbackHeader",
        ])
        .compile_fds(described)?;
    Ok(())
}
