-- What was written cannot have a schema.
CREATE TABLE written (c BIGINT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/written', 'format' = 'debezium-json', 'debezium-json.schema-include' = 'true');

INSERT INTO written SELECT CAST(1 AS BIGINT);
