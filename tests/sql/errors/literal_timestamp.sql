-- A timestamp literal that is no timestamp.
SELECT TIMESTAMP 'yesterday';
