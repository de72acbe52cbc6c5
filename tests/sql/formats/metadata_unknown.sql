-- A metadata key that the connector has not is refused.
CREATE TABLE logs (id INT, k STRING METADATA FROM 'file.owner' VIRTUAL)
WITH ('connector' = 'filesystem', 'path' = '${data}/logs', 'format' = 'json');
SELECT id, k FROM logs;
