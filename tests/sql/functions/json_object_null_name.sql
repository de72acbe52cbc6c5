-- The name of a field cannot be NULL.
SELECT JSON_OBJECT(CAST(NULL AS STRING) VALUE 1);
