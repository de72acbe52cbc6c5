-- The session's zone may be an offset.
SET 'table.local-time-zone' = 'GMT-08:30';
SELECT CAST(TO_TIMESTAMP_LTZ(0, 3) AS STRING), CAST(TO_TIMESTAMP_LTZ(0, 3) AS TIMESTAMP(3));
