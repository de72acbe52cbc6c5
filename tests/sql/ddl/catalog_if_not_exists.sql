-- IF NOT EXISTS and IF EXISTS for catalogs.
CREATE CATALOG IF NOT EXISTS shop WITH ('type' = 'generic_in_memory');
CREATE CATALOG IF NOT EXISTS shop WITH ('type' = 'generic_in_memory');
SHOW CATALOGS;
SHOW CATALOGS LIKE 's%';
DROP CATALOG IF EXISTS nowhere;
CREATE CATALOG shop WITH ('type' = 'generic_in_memory');
