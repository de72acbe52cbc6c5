-- A statement set from one view into two tables, one of them twice.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE TABLE a (id INT, auction STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/a', 'format' = 'json');
CREATE TABLE b (auction STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/b', 'format' = 'csv');
CREATE TEMPORARY VIEW dear AS SELECT id, auction FROM bids WHERE price > 15;
EXECUTE STATEMENT SET
BEGIN
  INSERT INTO a SELECT id, auction FROM dear;
  INSERT INTO a (id) SELECT -id FROM dear; -- a second one into the same table
  INSERT INTO b SELECT auction || ';' FROM dear;
END;
SELECT * FROM a;
SELECT * FROM b;
