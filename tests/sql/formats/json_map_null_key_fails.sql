-- A map key that is NULL cannot be written as JSON by default.
CREATE TABLE sink (m MAP<STRING, INT>) WITH ('connector' = 'filesystem', 'path' = '${tmp}/d', 'format' = 'json');
INSERT INTO sink VALUES (MAP[CAST(NULL AS STRING), 1]);
