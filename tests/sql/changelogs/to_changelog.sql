-- Changes become rows with a code of what happened.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium.json', 'format' = 'debezium-json');

SELECT * FROM TO_CHANGELOG(input => TABLE products);
SELECT * FROM TO_CHANGELOG(input => TABLE products, op => DESCRIPTOR(operation), op_mapping => MAP['INSERT, UPDATE_AFTER', 'I', 'DELETE', 'D']);
SELECT * FROM TO_CHANGELOG(TABLE products, DESCRIPTOR(o), MAP['INSERT', 'I', 'UPDATE_AFTER', 'U']);
SELECT op, name FROM TO_CHANGELOG(input => (SELECT * FROM products WHERE weight > 1)) AS t WHERE id > 101;
SELECT x, COUNT(*) AS k FROM TABLE(TO_CHANGELOG(input => TABLE products, uid => 'abc')) AS t (x, i, n, d, w) GROUP BY x;
CREATE TABLE sink (op STRING, id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/x', 'format' = 'json');
INSERT INTO sink SELECT op, id, name FROM TO_CHANGELOG(input => TABLE products);
SELECT * FROM sink;
CREATE VIEW w AS SELECT * FROM TO_CHANGELOG(input => TABLE products);
DESCRIBE w;
