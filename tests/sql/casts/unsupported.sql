-- A cast that no pair of types allows is a validation error.
SELECT CAST(DATE '2024-01-01' AS INT);
