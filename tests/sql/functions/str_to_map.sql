-- STR_TO_MAP splits pairs and keys.
SELECT STR_TO_MAP('k1=v1,k2=v2'), STR_TO_MAP('k1:v1;k2:v2', ';', ':'), STR_TO_MAP('a,b=,=c'), STR_TO_MAP(''), STR_TO_MAP(CAST(NULL AS STRING)), STR_TO_MAP('k=1,k=2')['k'];
