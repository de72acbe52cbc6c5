-- CONVERT_TZ moves a text from one zone to another.
SELECT CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles'), CONVERT_TZ('2024-03-31 02:30:00', 'Europe/Berlin', 'UTC'), CONVERT_TZ('2024-10-27 02:30:00', 'Europe/Berlin', 'UTC'), CONVERT_TZ('2024-01-01 00:00:00', 'GMT+08:00', 'UTC'), CONVERT_TZ('2024-01-01 00:00:00', 'EST', 'UTC'), CONVERT_TZ('2024-01-01', 'UTC', 'Asia/Tokyo');
SELECT CONVERT_TZ('abc', 'UTC', 'Asia/Tokyo'), CONVERT_TZ(CAST(NULL AS STRING), 'UTC', 'Asia/Tokyo'), CONVERT_TZ('2024-01-01 00:00:00', 'Nowhere', 'UTC');
