-- A pattern picks files by their path.
CREATE TABLE logs (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${data}/logs', 'format' = 'json', 'source.path.regex-pattern' = '.*/[ab]\.json');
SELECT * FROM logs;
