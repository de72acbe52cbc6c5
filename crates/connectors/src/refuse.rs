//! What several connectors refuse, in the same words.

use dataflow::{OptionError, Options, ScanRequest};

/// Sources and sinks run at the parallelism of the job: a parallelism of their own is refused.
pub fn parallelism(options: &Options, key: &str) -> Result<(), OptionError> {
    if options.get(key).is_none() {
        return Ok(());
    }
    let message = format!("option '{key}' is not supported: the table runs at the parallelism of the job");
    Err(OptionError::new(key, message).hint(format!(
        "remove '{key}', or set the parallelism of the whole job with SET 'parallelism.default' = '...'"
    )))
}

/// Refuses metadata columns of a connector that has none.
pub fn metadata(request: &ScanRequest) -> Result<(), OptionError> {
    let Some((key, _)) = request.metadata.first() else {
        return Ok(());
    };
    Err(OptionError {
        key: None,
        message: format!("metadata '{key}' not found"),
        hint: Some("this connector has no metadata".to_string()),
    })
}
