-- Two columns from one metadata key are refused.
CREATE TABLE logs (id INT, a STRING METADATA FROM 'file.name' VIRTUAL, b STRING METADATA FROM 'file.name' VIRTUAL)
WITH ('connector' = 'filesystem', 'path' = '${data}/logs/a.json', 'format' = 'json');
