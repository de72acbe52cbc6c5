//! Where the lines of `print` go: the standard streams of the process, or memory.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// A stream that shards share; a line is written while the lock is held, so that lines never mix.
pub type Stream = Arc<Mutex<dyn Write + Send>>;

/// The two streams of a console.
#[derive(Clone)]
pub struct Console {
    pub output: Stream,
    pub error: Stream,
}

impl Console {
    /// The standard streams of this process.
    pub fn standard() -> Self {
        let output: Stream = Arc::new(Mutex::new(std::io::stdout()));
        output.into()
    }

    /// A console that keeps what is written, and the two handles to read it.
    pub fn captured() -> (Self, Captured, Captured) {
        let (output, error) = (Captured::default(), Captured::default());
        let console = Console {
            output: Arc::new(Mutex::new(output.clone())),
            error: Arc::new(Mutex::new(error.clone())),
        };
        (console, output, error)
    }
}

/// Standard output as given, standard error of this process.
impl From<Stream> for Console {
    fn from(output: Stream) -> Self {
        Console {
            output,
            error: Arc::new(Mutex::new(std::io::stderr())),
        }
    }
}

/// Text written to a captured console.
#[derive(Debug, Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// What was written so far.
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
