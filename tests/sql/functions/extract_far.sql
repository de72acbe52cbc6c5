-- EXTRACT of centuries, eras, ISO years and parts of seconds.
CREATE TABLE times (
  id INT,
  d DATE,
  c TIME,
  t TIMESTAMP(3),
  z TIMESTAMP_LTZ(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');

SELECT id, EXTRACT(CENTURY FROM t) AS c, EXTRACT(DECADE FROM t) AS d, EXTRACT(MILLENNIUM FROM t) AS m, EXTRACT(ISODOW FROM t) AS isodow, EXTRACT(ISOYEAR FROM t) AS isoyear FROM times;
SELECT id, EXTRACT(MILLISECOND FROM t) AS ms, EXTRACT(EPOCH FROM t) AS epoch FROM times;
