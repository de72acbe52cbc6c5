-- Names with catalog and database, quoted names, and names that differ in case.
CREATE DATABASE `my db`;
CREATE TABLE `my db`.`select` (`from` INT, `From` STRING, `a``b` INT) WITH ('connector' = 'filesystem', 'path' = '${data}/logs/a.json', 'format' = 'json');
DESCRIBE `my db`.`select`;
SELECT `select`.`from` FROM default_catalog.`my db`.`select`;
CREATE TABLE T (a INT) WITH ('connector' = 'blackhole');
CREATE TABLE t (b INT) WITH ('connector' = 'blackhole');
SHOW TABLES;
