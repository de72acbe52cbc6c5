-- A statement that stops too early.
SELECT a FROM;
