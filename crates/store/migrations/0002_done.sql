-- What a request with an idempotency key has done, as JSON: written in the same transaction as what it did, so that it
-- is known even if the answer was never written.
ALTER TABLE idempotency_keys ADD COLUMN done TEXT;
