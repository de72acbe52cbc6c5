-- DATE_FORMAT with Java's patterns, for timestamps and for texts.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, DATE_FORMAT(t, 'yyyy-MM-dd HH:mm:ss.SSS') AS iso, DATE_FORMAT(t, 'dd/MM/yy') AS short_, DATE_FORMAT(t, 'EEE, d MMM yyyy h:mm a') AS words, DATE_FORMAT(t, 'D w e Q') AS numbers, DATE_FORMAT(t, '''at'' HH') AS quoted FROM times;
SELECT DATE_FORMAT('2024-02-29 13:45:59', 'yyyyMMdd'), DATE_FORMAT('2024-02-29 13:45:59.123', 'HH:mm:ss.SSS'), DATE_FORMAT('not a time', 'yyyy'), DATE_FORMAT(CAST(NULL AS TIMESTAMP(3)), 'yyyy');
