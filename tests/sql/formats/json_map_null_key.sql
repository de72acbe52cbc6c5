-- What JSON writes for a map key that is NULL, by mode.
CREATE TABLE dropped (m MAP<STRING, INT>) WITH ('connector' = 'filesystem', 'path' = '${tmp}/d', 'format' = 'json', 'json.map-null-key.mode' = 'DROP');
CREATE TABLE literal (m MAP<STRING, INT>) WITH ('connector' = 'filesystem', 'path' = '${tmp}/l', 'format' = 'json', 'json.map-null-key.mode' = 'LITERAL', 'json.map-null-key.literal' = 'nothing');
INSERT INTO dropped VALUES (MAP[CAST(NULL AS STRING), 1, 'k', 2]);
INSERT INTO literal VALUES (MAP[CAST(NULL AS STRING), 1, 'k', 2]);
SELECT * FROM dropped;
SELECT * FROM literal;
