//! The life cycle of a deployment and of its runs, as types.
//!
//! A phase is written to the database only through a [`Move`], and a move is made only where `S: Becomes<T>`:
//! an illegal move does not compile. What was read from the database is a [`PhaseName`]; matching on
//! [`PhaseName::typed`] gives the type back.
//!
//! ```
//! use model::phase::{AnyPhase, Finished, Move, PhaseName, Running};
//!
//! fn on_first_row(phase: PhaseName) -> Option<Move<Running>> {
//!     match phase.typed() {
//!         AnyPhase::Starting(phase) => Some(phase.to::<Running>()),
//!         AnyPhase::Recovering(phase) => Some(phase.to::<Running>()),
//!         _ => None,
//!     }
//! }
//! assert!(on_first_row(PhaseName::Starting).is_some());
//! assert!(on_first_row(PhaseName::Finished).is_none());
//! ```
//!
//! What has finished does not run again without being asked for anew:
//!
//! ```compile_fail,E0277
//! use model::phase::{Finished, Move, Phase, Running};
//!
//! fn wrong(phase: Phase<Finished>) -> Move<Running> {
//!     phase.to::<Running>()
//! }
//! ```
//!
//! Nobody else can add a move, nor a phase:
//!
//! ```compile_fail,E0117
//! use model::phase::{Becomes, Finished, Running};
//!
//! impl Becomes<Running> for Finished {}
//! ```

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where something stands in its life, as a type: `S` is one of the states of this module.
pub struct Phase<S>(PhantomData<fn() -> S>);

/// A legal move into `T`. It remembers where it starts, so that whoever writes it can make sure of that.
pub struct Move<T> {
    from: PhaseName,
    to: PhantomData<fn() -> T>,
}

/// A state of the life cycle, as a type.
pub trait State {
    const NAME: PhaseName;
}

/// `S: Becomes<T>` says that `S` may be followed by `T`.
#[diagnostic::on_unimplemented(message = "the life cycle has no move from `{Self}` to `{T}`")]
pub trait Becomes<T: State>: State {}

macro_rules! phases {
    ($($(#[$doc:meta])* $phase:ident $name:literal),* $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $phase {}

            impl State for $phase {
                const NAME: PhaseName = PhaseName::$phase;
            }
        )*

        /// A phase as it is stored and shown.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum PhaseName {
            $($(#[$doc])* $phase,)*
        }

        /// A phase that was read, with its type.
        #[derive(Debug, Clone, Copy)]
        pub enum AnyPhase {
            $($phase(Phase<$phase>),)*
        }

        impl PhaseName {
            pub const ALL: &'static [PhaseName] = &[$(PhaseName::$phase,)*];

            pub fn name(self) -> &'static str {
                match self {
                    $(PhaseName::$phase => $name,)*
                }
            }

            pub fn typed(self) -> AnyPhase {
                match self {
                    $(PhaseName::$phase => AnyPhase::$phase(Phase(PhantomData)),)*
                }
            }
        }
    };
}

phases! {
    /// Wants to run and waits: for its turn, or for capacity.
    Pending "pending",
    /// Waits for a person's yes.
    AwaitingApproval "awaiting_approval",
    /// An attempt was made and has not answered yet.
    Starting "starting",
    /// An attempt reads and writes.
    Running "running",
    /// The attempt died; another one follows after a while.
    Recovering "recovering",
    /// Comes to an end so that it can start at another parallelism.
    Rescaling "rescaling",
    /// Stopped in a way that it can go on from.
    Suspended "suspended",
    /// Was told to end and has not yet.
    Stopping "stopping",
    /// Ended because it was told to.
    Stopped "stopped",
    /// Ended because its input did.
    Finished "finished",
    /// Ended by an error, and does not try again by itself.
    Failed "failed",
}

/// Writes the life cycle down once: as types for the compiler, and as a table for people and tests.
macro_rules! moves {
    ($($from:ident => $($to:ident),+;)*) => {
        $($(impl Becomes<$to> for $from {})+)*

        impl PhaseName {
            /// Whether the life cycle has this move. To make one, see [`PhaseName::typed`].
            pub fn can_become(self, to: PhaseName) -> bool {
                match self {
                    $(PhaseName::$from => matches!(to, $(PhaseName::$to)|+),)*
                }
            }
        }
    };
}

// A watcher sees states, not events: it may find that something has finished before it saw it run.
moves! {
    Pending => AwaitingApproval, Starting, Suspended, Stopped, Failed;
    AwaitingApproval => Pending, Suspended, Stopped, Failed;
    Starting => Running, Recovering, Stopping, Stopped, Finished, Failed;
    Running => Recovering, Rescaling, Stopping, Stopped, Finished, Failed;
    Recovering => Starting, Running, Stopping, Suspended, Stopped, Finished, Failed;
    Rescaling => Starting, Running, Recovering, Stopping, Suspended, Stopped, Finished, Failed;
    Stopping => Suspended, Stopped, Finished, Failed;
    Suspended => Pending, Stopped;
    Stopped => Pending;
    Finished => Pending;
    Failed => Pending, Stopped;
}

impl<S: State> Phase<S> {
    pub fn to<T: State>(self) -> Move<T>
    where
        S: Becomes<T>,
    {
        Move {
            from: S::NAME,
            to: PhantomData,
        }
    }

    pub fn name(self) -> PhaseName {
        S::NAME
    }
}

impl<T: State> Move<T> {
    pub fn from(self) -> PhaseName {
        self.from
    }

    pub fn to(self) -> PhaseName {
        T::NAME
    }
}

impl PhaseName {
    /// True if an attempt in this phase is over for good.
    pub fn is_over(self) -> bool {
        matches!(self, PhaseName::Stopped | PhaseName::Finished | PhaseName::Failed)
    }

    /// True if a process may be at work.
    pub fn may_have_worker(self) -> bool {
        matches!(
            self,
            PhaseName::Starting
                | PhaseName::Running
                | PhaseName::Recovering
                | PhaseName::Rescaling
                | PhaseName::Stopping
        )
    }
}

/// What a person wants of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DesiredState {
    Running,
    Suspended,
    Stopped,
}

impl DesiredState {
    pub const ALL: &'static [DesiredState] = &[
        DesiredState::Running,
        DesiredState::Suspended,
        DesiredState::Stopped,
    ];

    pub fn name(self) -> &'static str {
        match self {
            DesiredState::Running => "running",
            DesiredState::Suspended => "suspended",
            DesiredState::Stopped => "stopped",
        }
    }
}

/// A text that names no phase, or no desired state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPhase {
    expected: String,
    got: String,
}

/// How much of a wrong text a message repeats.
const SHOWN_CHARACTERS_MAX: usize = 40;

impl UnknownPhase {
    fn new(expected: Vec<&str>, got: &str) -> Self {
        UnknownPhase {
            expected: expected.join(", "),
            got: got.chars().take(SHOWN_CHARACTERS_MAX).collect(),
        }
    }
}

impl fmt::Display for UnknownPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected one of {}, got '{}'",
            self.expected,
            self.got.escape_debug()
        )
    }
}

impl std::error::Error for UnknownPhase {}

macro_rules! as_text {
    ($($named:ident),*) => {$(
        impl FromStr for $named {
            type Err = UnknownPhase;

            fn from_str(text: &str) -> Result<Self, UnknownPhase> {
                let found = $named::ALL.iter().find(|one| one.name() == text);
                found.copied().ok_or_else(|| {
                    UnknownPhase::new($named::ALL.iter().map(|one| one.name()).collect(), text)
                })
            }
        }

        impl fmt::Display for $named {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Serialize for $named {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $named {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

as_text!(PhaseName, DesiredState);

// By hand, because derived ones would ask the same of the states, which have no values.
impl<S> Clone for Phase<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Phase<S> {}

impl<S: State> fmt::Debug for Phase<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(S::NAME.name())
    }
}

impl<T> Clone for Move<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Move<T> {}

impl<T: State> fmt::Debug for Move<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.from, T::NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_read_back_from_their_names() {
        for &phase in PhaseName::ALL {
            assert_eq!(phase.name().parse(), Ok(phase));
        }
        for &desired in DesiredState::ALL {
            assert_eq!(desired.name().parse(), Ok(desired));
        }
        let error = "Running".parse::<DesiredState>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected one of running, suspended, stopped, got 'Running'"
        );
    }

    #[test]
    fn a_move_knows_both_ends() {
        let AnyPhase::Starting(starting) = PhaseName::Starting.typed() else {
            panic!("starting is starting");
        };
        let to_running = starting.to::<Running>();
        assert_eq!(to_running.from(), PhaseName::Starting);
        assert_eq!(to_running.to(), PhaseName::Running);
    }

    #[test]
    fn what_is_over_starts_only_from_the_beginning() {
        for &from in PhaseName::ALL.iter().filter(|phase| phase.is_over()) {
            for &to in PhaseName::ALL {
                let legal = from.can_become(to);
                assert!(!legal || matches!(to, PhaseName::Pending | PhaseName::Stopped));
            }
        }
    }

    #[test]
    fn no_phase_becomes_itself_and_each_can_be_reached_and_left() {
        for &phase in PhaseName::ALL {
            assert!(!phase.can_become(phase), "{phase}");
            assert!(
                PhaseName::ALL.iter().any(|&to| phase.can_become(to)),
                "{phase} is left"
            );
            assert!(
                PhaseName::ALL.iter().any(|&from| from.can_become(phase)),
                "{phase} is reached"
            );
        }
    }

    #[test]
    fn whatever_runs_can_fail_and_can_be_stopped() {
        for &phase in PhaseName::ALL
            .iter()
            .filter(|phase| phase.may_have_worker() && **phase != PhaseName::Stopping)
        {
            assert!(phase.can_become(PhaseName::Stopping), "{phase}");
            assert!(phase.can_become(PhaseName::Failed), "{phase}");
        }
    }
}
