//! Options that ask for a parallelism of their own.

use dataflow::{OptionError, Options};

/// Sources and sinks run at the parallelism of the job: a parallelism of their own is refused.
pub fn refuse(options: &Options, key: &str) -> Result<(), OptionError> {
    if options.get(key).is_none() {
        return Ok(());
    }
    let message = format!("option '{key}' is not supported: the table runs at the parallelism of the job");
    Err(OptionError::new(key, message).hint(format!(
        "remove '{key}', or set the parallelism of the whole job with SET 'parallelism.default' = '...'"
    )))
}
