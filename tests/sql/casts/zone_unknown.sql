-- A zone nobody knows is refused.
SET 'table.local-time-zone' = 'Mars/Olympus';
SELECT CAST(TO_TIMESTAMP_LTZ(0, 3) AS STRING);
