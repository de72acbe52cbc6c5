package dev.oceanus.runner;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Runs SQL statements on the cluster it was uploaded to.
 *
 * <p>Each program argument is one statement, in base64 so that no shell or query string can harm it. Statements run
 * in order on one thread, as Flink's planner wants; an INSERT is submitted and not awaited. Settings come with the
 * request (flinkConfiguration).
 */
public final class SqlRunner {
    private SqlRunner() {}

    public static void main(String[] statements) {
        TableEnvironment environment = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
        for (String statement : statements) {
            environment.executeSql(new String(Base64.getDecoder().decode(statement), StandardCharsets.UTF_8));
        }
    }
}
