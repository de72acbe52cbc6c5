//! Changelogs as JSON: `debezium-json`, `ogg-json`, `canal-json` and `maxwell-json`, with the options of Flink's.
//!
//! A record is an envelope around rows: it says what happened to them. Reading, the envelope is a row like any other,
//! which the decoder of `json` reads; envelopes become rows and kinds a chunk at a time. An update gives two rows, what
//! was before it and what is after it, never torn apart. Writing, every row gets an envelope of its own: an update is
//! a row deleted and one inserted, as in Flink. Metadata of the envelope is not read.

mod decode;
mod encode;
mod envelope;
mod merge;
mod options;

use dataflow::{Decoder, DecoderRequest, Encoder, EncoderRequest, Format, OptionDoc, OptionError, Options};
use model::ChangelogMode;

use decode::ChangelogDecoder;
use encode::ChangelogEncoder;
pub(crate) use envelope::Envelope;

/// One of the formats.
#[derive(Debug)]
pub struct ChangelogJson(Envelope);

pub const DEBEZIUM: ChangelogJson = ChangelogJson(Envelope::Debezium);
pub const OGG: ChangelogJson = ChangelogJson(Envelope::Ogg);
pub const CANAL: ChangelogJson = ChangelogJson(Envelope::Canal);
pub const MAXWELL: ChangelogJson = ChangelogJson(Envelope::Maxwell);

impl Format for ChangelogJson {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn options(&self) -> Vec<OptionDoc> {
        options::docs(self.0)
    }

    /// The order of changes matters: a file is read from its beginning to its end.
    fn splittable(&self, _options: &Options) -> bool {
        false
    }

    fn reads(&self) -> ChangelogMode {
        ChangelogMode::ALL
    }

    fn writes(&self) -> ChangelogMode {
        ChangelogMode::ALL
    }

    fn decoder(&self, request: &DecoderRequest<'_>) -> Result<Box<dyn Decoder>, OptionError> {
        let settings = options::Settings::read(self.0, request.options)?;
        let faults_at_once = request.faults_at_once;
        let decoder = ChangelogDecoder::new(self.0, request.schema, settings, faults_at_once)?;
        Ok(Box::new(decoder))
    }

    fn encoder(&self, request: &EncoderRequest<'_>) -> Result<Box<dyn Encoder>, OptionError> {
        let settings = options::Settings::read(self.0, request.options)?;
        settings.check_writable(self.0)?;
        Ok(Box::new(ChangelogEncoder::new(self.0, request.schema, settings)?))
    }
}
