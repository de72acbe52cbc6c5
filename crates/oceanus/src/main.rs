//! The binary.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // SAFETY: may be called at any time, by any thread.
    embedded::memory::set_give_back(|| unsafe { libmimalloc_sys::mi_collect(true) });
    oceanus::command_line::main()
}
