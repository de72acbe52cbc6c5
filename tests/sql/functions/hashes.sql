-- MD5 and the SHA family as lower-case hexadecimal.
CREATE TABLE texts (
  id INT,
  s STRING,
  t STRING,
  n INT
) WITH ('connector' = 'filesystem', 'path' = '${data}/texts.json', 'format' = 'json');

SELECT id, MD5(s) AS md5, SHA1(s) AS sha1, SHA224(s) AS sha224, SHA256(s) AS sha256 FROM texts;
SELECT SHA384('abc'), SHA512('abc'), SHA2('abc', 256), SHA2('abc', 512), MD5(''), SHA2('abc', 224), SHA2(CAST(NULL AS STRING), 256);
