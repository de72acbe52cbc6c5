-- SET and RESET change how following statements run.
SET 'table.local-time-zone' = 'Asia/Tokyo';
SELECT CAST(TO_TIMESTAMP_LTZ(0, 3) AS STRING) AS t;
SET table.local-time-zone = UTC;
SELECT CAST(TO_TIMESTAMP_LTZ(0, 3) AS STRING) AS t;
SET 'table.local-time-zone' = 'America/New_York';
RESET 'table.local-time-zone';
SELECT CAST(TO_TIMESTAMP_LTZ(0, 3) AS STRING) AS t;
SET 'no.such.option' = 'is accepted';
RESET;
