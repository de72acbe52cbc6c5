package dev.oceanus.oracle;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.formats.common.TimestampFormat;
import org.apache.flink.formats.json.JsonFormatOptions.MapNullKeyMode;
import org.apache.flink.formats.json.RowDataToJsonConverters;
import org.apache.flink.formats.json.RowDataToJsonConverters.RowDataToJsonConverter;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.api.internal.TableResultInternal;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.utils.print.RowDataToStringConverter;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.jackson.JacksonMapperFactory;

/**
 * Turns the rows of a result into sorted lines of JSON, each value as Flink's json format writes it. Of an updating
 * result the rows are kept that are left in the end.
 *
 * <p>Two things are ours: map entries are sorted by key, and a column whose type the json format refuses
 * becomes the text of Flink's cast to a string.
 */
final class Rows {
    private static final ObjectMapper MAPPER =
            JacksonMapperFactory.createObjectMapper()
                    .configure(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN, true);

    private final List<RowType.RowField> fields;
    private final RowData.FieldGetter[] getters;
    private final RowDataToJsonConverter[] converters;
    private final RowDataToStringConverter asText;

    private Rows(TableResultInternal result) {
        RowType type =
                (RowType) result.getResolvedSchema().toPhysicalRowDataType().getLogicalType();
        fields = type.getFields();
        getters = new RowData.FieldGetter[fields.size()];
        converters = new RowDataToJsonConverter[fields.size()];
        asText = result.getRowDataToStringConverter();
        for (int i = 0; i < fields.size(); i++) {
            getters[i] = RowData.createFieldGetter(fields.get(i).getType(), i);
            converters[i] = converterOrNull(fields.get(i).getType());
        }
    }

    static List<String> collect(TableResultInternal result) throws Exception {
        Rows rows = new Rows(result);
        Map<String, Integer> counts = new HashMap<>();
        try (CloseableIterator<RowData> iterator = result.collectInternal()) {
            while (iterator.hasNext()) {
                RowData row = iterator.next();
                counts.merge(rows.line(row), adds(row) ? 1 : -1, Integer::sum);
            }
        }
        List<String> lines = new ArrayList<>();
        counts.forEach((line, count) -> lines.addAll(Collections.nCopies(count, line)));
        // By bytes, as most languages compare texts; Java's own order differs for astral characters.
        lines.sort((a, b) -> Arrays.compareUnsigned(a.getBytes(UTF_8), b.getBytes(UTF_8)));
        return lines;
    }

    /** Statements that are no queries leave the kind of their rows unset. */
    private static boolean adds(RowData row) {
        RowKind kind = row.getRowKind();
        return kind == null || kind == RowKind.INSERT || kind == RowKind.UPDATE_AFTER;
    }

    private static RowDataToJsonConverter converterOrNull(LogicalType type) {
        try {
            return new RowDataToJsonConverters(TimestampFormat.SQL, MapNullKeyMode.FAIL, "null", false)
                    .createConverter(type);
        } catch (UnsupportedOperationException refused) {
            return null;
        }
    }

    private String line(RowData row) throws IOException {
        ObjectNode values = MAPPER.createObjectNode();
        for (int i = 0; i < fields.size(); i++) {
            values.set(fields.get(i).getName(), value(row, i));
        }
        ObjectNode line = MAPPER.createObjectNode();
        line.put("op", RowKind.INSERT.shortString());
        line.set("row", values);
        return MAPPER.writeValueAsString(line);
    }

    private JsonNode value(RowData row, int i) {
        Object value = getters[i].getFieldOrNull(row);
        if (value == null) {
            return MAPPER.nullNode();
        }
        if (converters[i] == null) {
            return MAPPER.getNodeFactory().textNode(asText.convert(row)[i]);
        }
        return sortMaps(fields.get(i).getType(), converters[i].convert(MAPPER, null, value));
    }

    private static JsonNode sortMaps(LogicalType type, JsonNode node) {
        if (node == null || node.isNull()) {
            return node;
        }
        LogicalTypeRoot root = type.getTypeRoot();
        if (root == LogicalTypeRoot.ARRAY) {
            ArrayNode array = (ArrayNode) node;
            for (int i = 0; i < array.size(); i++) {
                array.set(i, sortMaps(type.getChildren().get(0), array.get(i)));
            }
        } else if (root == LogicalTypeRoot.ROW) {
            ObjectNode object = (ObjectNode) node;
            for (RowType.RowField field : ((RowType) type).getFields()) {
                object.set(field.getName(), sortMaps(field.getType(), object.get(field.getName())));
            }
        } else if (root == LogicalTypeRoot.MAP || root == LogicalTypeRoot.MULTISET) {
            Map<String, JsonNode> sorted = new TreeMap<>();
            boolean map = root == LogicalTypeRoot.MAP;
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                JsonNode value = entry.getValue();
                sorted.put(entry.getKey(), map ? sortMaps(type.getChildren().get(1), value) : value);
            }
            ObjectNode object = MAPPER.createObjectNode();
            sorted.forEach(object::set);
            return object;
        }
        return node;
    }
}
