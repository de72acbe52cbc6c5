-- Hints of options are switched off for what is read, not for what is written.
CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
CREATE TABLE u (id INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/u', 'format' = 'json');
SET 'table.dynamic-table-options.enabled' = 'false';
INSERT INTO t /*+ OPTIONS('path' = '${tmp}/u') */ SELECT 1;
SELECT id FROM u;
