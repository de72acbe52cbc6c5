-- On processing time a table of files cannot be looked up.
CREATE TABLE rates (currency STRING, rate INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`, PRIMARY KEY (currency) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${data}/rates.json', 'format' = 'json');

CREATE TABLE sales (id INT, currency STRING, amount INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/sales.json', 'format' = 'json');

SELECT s.id, r.rate FROM (SELECT *, PROCTIME() AS p FROM sales) s JOIN rates FOR SYSTEM_TIME AS OF s.p AS r ON s.currency = r.currency;
