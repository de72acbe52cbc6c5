/**
 * Flink SQL for the editor: which words to colour.
 *
 * The keywords are those of `crates/sql/src/keywords.rs` that mean something in a statement people write. Whether a text is
 * right only the server says; which functions there are to call it says too.
 */

import { SQLDialect } from "@codemirror/lang-sql";

const KEYWORDS = `
  add after all allocate allow alter always analyze and any are array_concat_agg array_max_cardinality as
  asc asensitive asymmetric at atomic authorization begin begin_frame begin_partition between bit blob
  both buckets by call called cascaded case catalog catalogs character check classifier clob close collate
  column columns comment commit compile condition connect connections constraint contains contains_substr
  continuous convert corr corresponding covar_pop covar_samp create cross cube cume_dist current
  current_catalog current_default_transform_group current_path current_role current_row current_schema
  current_transform_group_for_type current_user cursor cycle data database databases date_trunc datetime
  datetime_trunc day days deallocate declare default define delete deref desc describe deterministic
  disallow disconnect distinct distributed distribution dot drop dynamic each else empty end end_frame
  end_partition enforced equals escape every except excluding exec execute exists explain extend extended
  external false fetch filter first following for foreign frame_row free freshness friday from full
  function functions fusion generated get global grant group group_concat grouping groups hash having hold
  hour hours identity ilike import in include including indicator initial inner inout insensitive insert
  intersect intersection into is jar jars job jobs join json_arrayagg json_objectagg json_scope key
  language large last lateral leading left like like_regex limit local match match_number match_recognize
  matches materialized measures member merge metadata method minus minute minutes model models modifies
  modify module modules monday month months national natural nchar nclob new next no none normalize not
  nth_value null nulls occurrences_regex octet_length of offset old omit on one only open options or order
  ordinal ordinality out outer over overlaps overwrite overwriting parameter partition partitioned
  partitions past pattern per percent percentile_cont percentile_disc period permute pivot plan portion
  position_regex precedes preceding precision prepare prev primary procedure procedures qualify quarter
  quarters range reads recursive ref references referencing refresh refresh_mode regr_avgx regr_avgy
  regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy release remove rename reset
  result resume return returns revoke right rlike rollback rollup rows running safe_cast safe_offset
  safe_ordinal saturday savepoint scala scope scroll search second seconds seek select sensitive separator
  session_user set show similar skip some specific specifictype sql sqlexception sqlstate sqlwarning start
  state statement static statistics stop stream string_agg structured submultiset subset substring_regex
  succeeds sunday suspend symmetric system system_time system_user table tables tablesample temporary then
  thursday ties time_diff time_trunc timestamp_diff timestamp_trunc timezone_hour timezone_minute to
  trailing translate_regex translation treat trigger trim_array true tuesday type uescape unbounded under
  union unique unknown unpivot update upsert use user using value value_of values varying versioning view
  views virtual watermark watermarks wednesday week weeks when whenever where width_bucket window with
  within without year years zone
`;

const TYPES = `
  array bigint binary bitmap boolean bytes char date dec decimal double float int integer interval map
  multiset numeric raw real row smallint string time timestamp timestamp_ltz tinyint varbinary varchar
  variant
`;

const FUNCTIONS = `
  abs acos array_agg array_append array_concat array_contains array_distinct array_except array_join
  array_max array_min array_position array_reverse array_slice array_sort array_union ascii asin atan
  atan2 avg bin btrim cardinality cast ceil ceiling character_length char_length chr coalesce collect
  concat concat_ws convert_tz cos cosh cot count cumulate current_date current_row_timestamp current_time
  current_timestamp current_watermark date_format dayofmonth dayofweek dayofyear decode degrees dense_rank
  descriptor element elt encode endswith exp extract first_value floor from_base64 from_unixtime greatest
  hex hop if ifnull initcap instr is_alpha is_decimal is_digit json_array json_exists json_object
  json_query json_quote json_string json_unquote json_value lag last_value lead least listagg ln localtime
  localtimestamp locate log log10 log2 lower lpad ltrim map_entries map_from_arrays map_keys map_union
  map_values max md5 min mod now ntile nullif overlay parse_url percent_rank pi position power proctime
  radians rand rand_integer rank regexp regexp_count regexp_extract regexp_extract_all regexp_instr
  regexp_replace regexp_substr repeat replace reverse round row_number rpad rtrim session sha1 sha2 sha224
  sha256 sha384 sha512 sign sin sinh split split_index sqrt startswith stddev_pop stddev_samp str_to_map
  substr substring sum tan tanh timestampadd timestampdiff to_base64 to_date to_timestamp to_timestamp_ltz
  translate trim truncate try_cast tumble typeof unhex unix_timestamp unnest upper url_decode url_encode
  uuid var_pop var_samp
`;

/** CodeMirror takes words parted by single spaces, and nothing else. */
function listed(words: string): string {
  return words.trim().split(/\s+/).join(" ");
}

const WORDS = new Set([KEYWORDS, TYPES, FUNCTIONS].flatMap((words) => listed(words).split(" ")));

/** A name as it can stand in a text: in back quotes where it would mean something else, or nothing, without them. */
export function nameInSql(name: string): string {
  const isPlain = /^[A-Za-z_]\w*$/.test(name) && !WORDS.has(name.toLowerCase());
  return isPlain ? name : `\`${name.replaceAll("`", "``")}\``;
}

export const flinkSql = SQLDialect.define({
  keywords: listed(KEYWORDS),
  types: listed(TYPES),
  builtin: listed(FUNCTIONS),
  identifierQuotes: "`",
  doubleQuotedStrings: false,
  backslashEscapes: false,
  slashComments: false,
  hashComments: false,
  operatorChars: "*+-%<>!=&|~^/",
  specialVar: "",
  charSetCasts: false,
});
