-- Hints of options can be switched off.
CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');
SET 'table.dynamic-table-options.enabled' = 'false';
SELECT id FROM t WHERE id < 3;
SELECT id FROM t /*+ OPTIONS('json.ignore-parse-errors' = 'true') */ WHERE id < 3;
