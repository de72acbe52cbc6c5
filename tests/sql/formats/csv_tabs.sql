-- A tab as delimiter, and no quote character.
CREATE TABLE t (id INT, a STRING, b STRING)
WITH ('connector' = 'filesystem', 'path' = '${data}/tabs.csv', 'format' = 'csv', 'csv.field-delimiter' = '\t', 'csv.disable-quote-character' = 'true');
SELECT * FROM t;
