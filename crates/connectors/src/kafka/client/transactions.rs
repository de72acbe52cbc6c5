//! Transactions of a producer that has a transactional id.
//!
//! Calls that time out are resumed, so that between tries is seen what the client may not go on after. What becomes of
//! an error is for the caller: it is either fixed by a person, or by another attempt.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use dataflow::{Error, OptionError};
use rdkafka_sys::bindings as sys;
use rdkafka_sys::types::RDKafkaRespErr as Code;

use super::offsets::List;
use super::{Client, TopicPartition, c_text, io_error, milliseconds};

/// When a call has failed. Records have as long to be delivered.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long one try may take of what can be resumed, and of what can only be asked again.
const TRY: Duration = Duration::from_secs(2);
const ASK: Duration = Duration::from_secs(30);
/// Between tries that fail at once.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// What librdkafka says of a call, freed at its end.
struct Fault(*mut sys::rd_kafka_error_t);

impl Fault {
    fn of(error: *mut sys::rd_kafka_error_t) -> Result<(), Fault> {
        match error.is_null() {
            true => Ok(()),
            false => Err(Fault(error)),
        }
    }

    fn code(&self) -> Code {
        // SAFETY: the error is alive until it is dropped.
        unsafe { sys::rd_kafka_error_code(self.0) }
    }

    fn text(&self) -> String {
        // SAFETY: the text ends with NUL and lives as long as the error.
        let text = unsafe { CStr::from_ptr(sys::rd_kafka_error_string(self.0)) };
        text.to_string_lossy().into_owned()
    }

    fn may_pass(&self) -> bool {
        // SAFETY: the error is alive until it is dropped.
        unsafe { sys::rd_kafka_error_is_retriable(self.0) != 0 }
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        // SAFETY: it was handed over by the call, and is freed once.
        unsafe { sys::rd_kafka_error_destroy(self.0) };
    }
}

impl Client {
    /// Shuts out all other clients with this transactional id, and waits until what they left open is aborted.
    pub fn init_transactions(&self) -> Result<(), Error> {
        self.insist("begin with transactions of Kafka", PATIENCE, || {
            // SAFETY: the handle is alive.
            unsafe { sys::rd_kafka_init_transactions(self.handle, milliseconds(TRY)) }
        })
    }

    /// Begins a transaction, without asking the cluster. There must be none.
    pub fn begin_transaction(&self) -> Result<(), Error> {
        // SAFETY: the handle is alive.
        let begun = Fault::of(unsafe { sys::rd_kafka_begin_transaction(self.handle) });
        begun.map_err(|fault| self.transaction_failure("begin a transaction of Kafka", &fault))
    }

    /// Commits an offset of a group together with the transaction that is open.
    pub fn note_offset(&self, group: &str, place: &TopicPartition, offset: i64) -> Result<(), Error> {
        let group = c_text(group)?;
        let offsets = List::new(std::slice::from_ref(place), offset)?;
        // SAFETY: the name ends with NUL and is copied; it never gives NULL.
        let members = unsafe { sys::rd_kafka_consumer_group_metadata_new(group.as_ptr()) };
        let noted = self.insist("note an epoch in a transaction of Kafka", PATIENCE, || {
            let ask_ms = milliseconds(ASK);
            // SAFETY: the handle, the list and the group are alive.
            unsafe { sys::rd_kafka_send_offsets_to_transaction(self.handle, offsets.0, members, ask_ms) }
        });
        // SAFETY: it was made above, and is freed once.
        unsafe { sys::rd_kafka_consumer_group_metadata_destroy(members) };
        noted
    }

    /// Delivers all that was sent, and commits the transaction that is open.
    pub fn commit_transaction(&self) -> Result<(), Error> {
        self.insist("commit a transaction of Kafka", PATIENCE, || {
            // SAFETY: the handle is alive. Callbacks run on this thread and take no lock that is held here.
            unsafe { sys::rd_kafka_commit_transaction(self.handle, milliseconds(TRY)) }
        })
    }

    /// Drops what was sent in the transaction that is open.
    pub fn abort_transaction(&self, patience: Duration) -> Result<(), Error> {
        self.insist("abort a transaction of Kafka", patience, || {
            // SAFETY: as in a commit.
            unsafe { sys::rd_kafka_abort_transaction(self.handle, milliseconds(TRY)) }
        })
    }

    /// Calls until it succeeds, fails for good, or has failed for so long.
    fn insist(
        &self,
        what: &str,
        patience: Duration,
        mut call: impl FnMut() -> *mut sys::rd_kafka_error_t,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + patience;
        loop {
            let Err(fault) = Fault::of(call()) else {
                return Ok(());
            };
            if Instant::now() > deadline || !fault.may_pass() {
                return Err(self.transaction_failure(what, &fault));
            }
            self.serve()?;
            if fault.code() != Code::RD_KAFKA_RESP_ERR__TIMED_OUT {
                std::thread::sleep(RETRY_PAUSE);
            }
        }
    }

    fn transaction_failure(&self, what: &str, fault: &Fault) -> Error {
        if let Some(told) = told(fault.code()) {
            return told.into();
        }
        // The cause says more than that the transaction has failed.
        if let Err(error) = self.serve() {
            return error;
        }
        match self.context.failed_delivery() {
            Some(reason) => io_error("deliver records to Kafka", &reason),
            None => io_error(what, &fault.text()),
        }
    }
}

/// What a person can mend.
pub fn told(code: Code) -> Option<OptionError> {
    const PREFIX: &str = "sink.transactional-id-prefix";
    const TIMEOUT: &str = "properties.transaction.timeout.ms";
    let needs = |right: &str| {
        let message = format!("the cluster does not allow transactions of '{PREFIX}': {right} is missing");
        OptionError::new(PREFIX, message).hint(
            "allow WRITE and DESCRIBE on the transactional ids that begin with it, READ on the group that is called \
             'oceanus-' and the prefix, READ on the topic '__consumer_offsets', and WRITE on the topics that are written'",
        )
    };
    Some(match code {
        Code::RD_KAFKA_RESP_ERR__FENCED
        | Code::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH
        | Code::RD_KAFKA_RESP_ERR_PRODUCER_FENCED => {
            let message = format!(
                "the transactions were taken over: another attempt, or another job, uses the same '{PREFIX}', or they \
                 were open for longer than '{TIMEOUT}'"
            );
            OptionError::new(PREFIX, message).hint(
                "give each job a prefix of its own, and take checkpoints more often than transactions time out",
            )
        }
        Code::RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT => {
            let message = format!("option '{TIMEOUT}' is more than the cluster allows");
            OptionError::new(TIMEOUT, message).hint(
                "it allows 'transaction.max.timeout.ms' of its brokers, which is 900000 unless they are told",
            )
        }
        Code::RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED => {
            needs("the right to the transactional id")
        }
        Code::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED => needs("the right to the group"),
        Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED => needs("the right to a topic"),
        _ => return None,
    })
}
