package dev.oceanus.oracle;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.ResultKind;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.internal.TableEnvironmentInternal;
import org.apache.flink.table.api.internal.TableResultInternal;
import org.apache.flink.table.operations.ModifyOperation;
import org.apache.flink.table.operations.Operation;
import org.apache.flink.table.operations.QueryOperation;
import org.apache.flink.table.operations.StatementSetOperation;
import org.apache.flink.table.operations.command.ResetOperation;
import org.apache.flink.table.operations.command.SetOperation;

/**
 * A fresh table environment that runs the statements of one case and writes down what each returned.
 *
 * <p>Everything happens on the thread that calls {@link #run}: Flink's planner keeps state in thread locals.
 */
final class Session {
    private static final Pattern BEGIN_SET = Pattern.compile("(?is)^BEGIN\\s+STATEMENT\\s+SET$");
    private static final Pattern END_SET = Pattern.compile("(?is)^END$");

    private final TableEnvironmentInternal tables;
    /** What settings were before the case changed them; null where there was none. */
    private final Map<String, String> before = new HashMap<>();

    private Failure.Phase phase = Failure.Phase.PARSE;

    Session(Configuration cluster) {
        Configuration settings = new Configuration(cluster);
        settings.setString("table.local-time-zone", "UTC");
        settings.setString("parallelism.default", "1");
        settings.setString("restart-strategy.type", "none");
        tables =
                (TableEnvironmentInternal)
                        TableEnvironment.create(
                                EnvironmentSettings.newInstance()
                                        .inStreamingMode()
                                        .withConfiguration(settings)
                                        .build());
    }

    /** The expected file of the case: a block per statement that returns rows, up to the first failure. */
    List<String> run(String text) {
        List<String> lines = new ArrayList<>();
        int number = 0;
        for (String statement : Script.statements(text)) {
            number++;
            phase = Failure.Phase.PARSE;
            try {
                List<String> rows = execute(statement);
                if (rows != null) {
                    lines.add("-- statement " + number);
                    lines.addAll(rows);
                }
            } catch (InterruptedException stopped) {
                throw new IllegalStateException("stopped in statement " + number, stopped);
            } catch (Throwable thrown) {
                Failure failure = Failure.of(thrown, phase);
                lines.add("-- error " + number + " " + failure.kind().word());
                lines.add("# " + failure.message());
                break;
            }
        }
        return lines;
    }

    /** The rows of the statement, or null where it only says OK. */
    private List<String> execute(String statement) throws Exception {
        List<String> parts = Script.pieces(statement);
        if (BEGIN_SET.matcher(parts.get(0).strip()).matches()) {
            executeSet(parts);
            return null;
        }
        Operation operation = tables.getParser().parse(statement).get(0);
        phase = Failure.Phase.PLAN;
        if (operation instanceof SetOperation set) {
            set(set);
            return null;
        }
        if (operation instanceof ResetOperation reset) {
            reset(reset);
            return null;
        }
        TableResultInternal result = tables.executeInternal(operation);
        if (operation instanceof ModifyOperation || operation instanceof StatementSetOperation) {
            await(result);
            return null;
        }
        if (operation instanceof QueryOperation) {
            phase = Failure.Phase.RUN;
        }
        return result.getResultKind() == ResultKind.SUCCESS ? null : Rows.collect(result);
    }

    /** The spelling that a client collects statement by statement: BEGIN STATEMENT SET; ...; END. */
    private void executeSet(List<String> parts) throws Exception {
        StatementSet set = tables.createStatementSet();
        for (String part : parts.subList(1, parts.size())) {
            String insert = part.strip();
            if (!insert.isEmpty() && !END_SET.matcher(insert).matches()) {
                set.addInsertSql(insert);
            }
        }
        phase = Failure.Phase.PLAN;
        await(set.execute());
    }

    private void await(TableResult result) throws Exception {
        phase = Failure.Phase.RUN;
        result.await();
    }

    private void set(SetOperation set) {
        String key = set.getKey().orElseThrow(() -> new UnsupportedOperationException("SET lists too much to record"));
        before.computeIfAbsent(key, k -> tables.getConfig().getConfiguration().toMap().get(k));
        tables.getConfig().set(key, set.getValue().orElseThrow());
    }

    private void reset(ResetOperation reset) {
        List<String> keys = reset.getKey().map(List::of).orElseGet(() -> List.copyOf(before.keySet()));
        for (String key : keys) {
            String old = before.get(key);
            if (old == null) {
                Configuration configuration = tables.getConfig().getConfiguration();
                configuration.removeKey(key);
            } else {
                tables.getConfig().set(key, old);
            }
        }
    }
}
