//! Long work that answers at once with where to look for its end.
//!
//! Kept in memory for an hour after its end, a bounded number of them; a restart forgets them. An operation belongs to
//! whoever began it, and nobody else finds it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Id;
use model::id::Noun;
use serde::Serialize;
use serde_json::Value;
use stdx::Clock;
use utoipa::ToSchema;

use crate::problem::{Problem, Result};
use crate::time::Time;

const KEPT_MS: i64 = 60 * 60 * 1000;
const ALL_MAX: usize = 1000;
const RUNNING_MAX: usize = 16;
const RUNNING_OF_PRINCIPAL_MAX: usize = 2;

/// Names an operation: `op_...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationNoun {}

impl Noun for OperationNoun {
    const PREFIX: &'static str = "op_";
    const NAME: &'static str = "operation";
}

pub type OperationId = Id<OperationNoun>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationStatus {
    Running,
    Succeeded,
    Failed,
}

/// Long work, and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Operation {
    #[schema(value_type = String)]
    pub id: OperationId,
    /// What is done: `import`.
    pub kind: &'static str,
    pub status: OperationStatus,
    pub created_at: Time,
    #[schema(required)]
    pub ended_at: Option<Time>,
    /// What there is to tell of it at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Of an operation that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// How work has ended.
pub struct Ending {
    /// What there is to tell of it, whether it succeeded or not.
    pub result: Option<Value>,
    /// Why it failed; `None` if it succeeded.
    pub problem: Option<Problem>,
}

pub struct Operations {
    clock: Arc<dyn Clock>,
    all: Arc<Mutex<HashMap<OperationId, Owned>>>,
}

struct Owned {
    owner: String,
    operation: Operation,
}

impl Operations {
    pub fn new(clock: Arc<dyn Clock>) -> Operations {
        Operations {
            clock,
            all: Arc::default(),
        }
    }

    /// Begins work under a new id.
    pub fn begin<F>(&self, owner: String, id: OperationId, kind: &'static str, work: F) -> Result<Operation>
    where
        F: Future<Output = Ending> + Send + 'static,
    {
        let now_ms = self.clock.now_ms();
        let operation = Operation {
            id,
            kind,
            status: OperationStatus::Running,
            created_at: Time::of(now_ms),
            ended_at: None,
            result: None,
            problem: None,
        };
        {
            let mut all = lock(&self.all);
            make_room(&mut all, &owner, now_ms)?;
            let operation = operation.clone();
            all.insert(id, Owned { owner, operation });
        }
        let (all, clock) = (Arc::clone(&self.all), Arc::clone(&self.clock));
        let work = tokio::spawn(work);
        tokio::spawn(async move {
            let ending = work.await.unwrap_or_else(|fault| Ending {
                result: None,
                problem: Some(Problem::logged(&fault)),
            });
            if let Some(Owned { operation, .. }) = lock(&all).get_mut(&id) {
                operation.ended_at = Some(Time::of(clock.now_ms()));
                operation.status = match ending.problem {
                    None => OperationStatus::Succeeded,
                    Some(_) => OperationStatus::Failed,
                };
                operation.result = ending.result;
                operation.problem = ending.problem;
            }
        });
        Ok(operation)
    }

    pub fn get(&self, owner: &str, id: OperationId) -> Result<Operation> {
        let all = lock(&self.all);
        match all.get(&id) {
            Some(owned) if owned.owner == owner => Ok(owned.operation.clone()),
            _ => Err(Problem::not_found("operation", &id.to_string())),
        }
    }
}

fn make_room(all: &mut HashMap<OperationId, Owned>, owner: &str, now_ms: i64) -> Result<()> {
    all.retain(|_, owned| {
        let ended = owned.operation.ended_at;
        ended.is_none_or(|ended| now_ms - ended.ms() < KEPT_MS)
    });
    let running = || {
        let mut all = all.values();
        std::iter::from_fn(move || all.find(|owned| owned.operation.ended_at.is_none()))
    };
    let own = running().filter(|owned| owned.owner == owner).count();
    if own >= RUNNING_OF_PRINCIPAL_MAX || running().count() >= RUNNING_MAX {
        return Err(Problem::too_many(format!(
            "at most {RUNNING_OF_PRINCIPAL_MAX} operations run for one user or token, {RUNNING_MAX} for all"
        ))
        .retry_after(5));
    }
    if all.len() >= ALL_MAX {
        let ended = all.values().filter(|owned| owned.operation.ended_at.is_some());
        let oldest = ended.min_by_key(|owned| owned.operation.ended_at);
        if let Some(id) = oldest.map(|owned| owned.operation.id) {
            all.remove(&id);
        }
    }
    Ok(())
}

/// Every critical section is a plain assignment: what a panic elsewhere leaves is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use stdx::ManualClock;

    use super::*;

    fn ending(result: Result<Value>) -> Ending {
        let (result, problem) = match result {
            Ok(result) => (Some(result), None),
            Err(problem) => (None, Some(problem)),
        };
        Ending { result, problem }
    }

    async fn ended(operations: &Operations, owner: &str, id: OperationId) -> Operation {
        for _ in 0..1000 {
            let operation = operations.get(owner, id).unwrap();
            if operation.status != OperationStatus::Running {
                return operation;
            }
            tokio::task::yield_now().await;
        }
        panic!("the operation does not end");
    }

    #[tokio::test]
    async fn an_operation_is_its_owners_and_is_kept_for_a_while() {
        let clock = Arc::new(ManualClock::at_ms(1_000_000));
        let operations = Operations::new(clock.clone());
        let id = |number| OperationId::new(1_000_000, number);
        let work = async { ending(Ok(json!({ "done": true }))) };
        operations
            .begin("us_1".to_string(), id(1), "import", work)
            .unwrap();
        let done = ended(&operations, "us_1", id(1)).await;
        assert_eq!(done.status, OperationStatus::Succeeded);
        assert_eq!(done.result, Some(json!({ "done": true })));
        assert_eq!(operations.get("us_2", id(1)).unwrap_err().status(), 404);

        let wrong = async { ending(Err(Problem::invalid("no"))) };
        operations
            .begin("us_1".to_string(), id(2), "import", wrong)
            .unwrap();
        assert_eq!(
            ended(&operations, "us_1", id(2)).await.status,
            OperationStatus::Failed
        );
        let broken = async { panic!("broken") };
        operations
            .begin("us_1".to_string(), id(3), "import", broken)
            .unwrap();
        let failed = ended(&operations, "us_1", id(3)).await;
        assert_eq!(failed.problem.unwrap().status(), 500);

        clock.advance(Duration::from_millis(KEPT_MS as u64));
        operations
            .begin("us_1".to_string(), id(4), "import", std::future::pending())
            .unwrap();
        assert!(operations.get("us_1", id(1)).is_err());
    }

    #[tokio::test]
    async fn so_many_run_at_once() {
        let operations = Operations::new(Arc::new(ManualClock::at_ms(0)));
        let begin = |owner: usize, number| {
            let id = OperationId::new(0, number);
            operations.begin(format!("us_{owner}"), id, "import", std::future::pending())
        };
        assert!(begin(0, 1).is_ok() && begin(0, 2).is_ok());
        assert_eq!(begin(0, 3).unwrap_err().status(), 429);
        for number in 2..RUNNING_MAX {
            assert!(begin(number, 100 + number as u128).is_ok());
        }
        assert_eq!(begin(99, 4).unwrap_err().status(), 429);
    }
}
