-- The difference of two instants.
CREATE TABLE times (id INT, d DATE, c TIME, t TIMESTAMP(3), z TIMESTAMP_LTZ(3)) WITH ('connector' = 'filesystem', 'path' = '${data}/times.json', 'format' = 'json');
SELECT id, (z - TO_TIMESTAMP_LTZ(0, 3)) DAY TO SECOND AS a, (z - TO_TIMESTAMP_LTZ(0, 3)) MONTH AS m FROM times;
