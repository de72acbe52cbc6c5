package dev.oceanus.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.client.JobStatusMessage;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/**
 * Runs the SQL cases on Flink and compares what it produced with the expected files beside them.
 *
 * <p>Usage: {@code Oracle [--check] CASES_DIRECTORY SCRATCH_DIRECTORY [FILTER]}. Without {@code --check} the
 * expected files are rewritten. Exit 0: nothing differed; 1: something did; 2: the command line is wrong.
 */
public final class Oracle {
    private static final int CASE_SECONDS_MAX = 300;
    private static final int SLOTS = 8;

    private final boolean check;
    private final Path cases;
    private final Path scratch;
    private final MiniCluster cluster;
    private final Configuration client;
    private int differences;

    private Oracle(boolean check, Path cases, Path scratch, MiniCluster cluster) throws Exception {
        this.check = check;
        this.cases = cases;
        this.scratch = scratch;
        this.cluster = cluster;
        client = new Configuration();
        client.setString("execution.target", "remote");
        client.setString("rest.address", cluster.getRestAddress().get().getHost());
        client.setString("rest.port", String.valueOf(cluster.getRestAddress().get().getPort()));
    }

    public static void main(String[] args) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(args));
        boolean check = arguments.remove("--check");
        if (arguments.size() < 2 || arguments.size() > 3) {
            System.out.println("usage: Oracle [--check] CASES_DIRECTORY SCRATCH_DIRECTORY [FILTER]");
            System.exit(2);
        }
        Path cases = Path.of(arguments.get(0)).toAbsolutePath().normalize();
        Path scratch = Path.of(arguments.get(1)).toAbsolutePath().normalize();
        String filter = arguments.size() == 3 ? arguments.get(2) : "";
        List<Path> selected = select(cases, filter);
        if (selected.isEmpty()) {
            System.out.println("no case has '" + filter + "' in its path");
            System.exit(2);
        }
        int status;
        try (MiniCluster cluster = startCluster()) {
            Oracle oracle = new Oracle(check, cases, scratch, cluster);
            for (Path sql : selected) {
                oracle.compare(sql);
            }
            oracle.findOrphans(filter);
            System.out.printf("%d cases, %d differences%n", selected.size(), oracle.differences);
            status = oracle.differences == 0 ? 0 : 1;
        }
        System.exit(status);
    }

    private static List<Path> select(Path cases, String filter) throws IOException {
        try (Stream<Path> files = Files.walk(cases)) {
            return files.filter(file -> file.toString().endsWith(".sql"))
                    .filter(file -> cases.relativize(file).toString().contains(filter))
                    .sorted()
                    .toList();
        }
    }

    private static MiniCluster startCluster() throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("rest.address", "localhost");
        configuration.setString("rest.bind-address", "localhost");
        configuration.setString("rest.bind-port", "0");
        configuration.setString("taskmanager.memory.managed.size", "64m");
        configuration.setString("taskmanager.memory.network.min", "32m");
        configuration.setString("taskmanager.memory.network.max", "32m");
        configuration.setString("jobmanager.execution.failover-strategy", "full");
        configuration.setString("web.submit.enable", "false");
        MiniCluster cluster =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(configuration)
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(SLOTS)
                                .build());
        cluster.start();
        return cluster;
    }

    private void compare(Path sql) throws Exception {
        String name = cases.relativize(sql).toString();
        String produced;
        try {
            produced = produce(sql);
        } catch (TimeoutException late) {
            differ(name, "not done after " + CASE_SECONDS_MAX + " s");
            cancelJobs();
            return;
        } catch (ExecutionException broken) {
            differ(name, "the oracle failed: " + broken.getCause());
            return;
        }
        Path expected = expectedFile(sql);
        String stored = Files.exists(expected) ? Files.readString(expected) : null;
        if (!produced.equals(stored)) {
            differ(name, stored == null ? "no expected rows stored" : difference(stored, produced));
            if (!check) {
                Files.writeString(expected, produced);
            }
        }
    }

    /** Runs the case on a thread of its own and gives the text of its expected file. */
    private String produce(Path sql) throws Exception {
        String data = cases.resolve("data").toString();
        Path tmp = scratch.resolve(String.valueOf(ProcessHandle.current().pid()));
        Files.createDirectories(tmp);
        String text = Files.readString(sql).replace("${data}", data).replace("${tmp}", tmp.toString());
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<List<String>> running = thread.submit(() -> new Session(client).run(text));
            StringBuilder produced = new StringBuilder();
            for (String line : running.get(CASE_SECONDS_MAX, TimeUnit.SECONDS)) {
                produced.append(portable(line, tmp.toString(), data)).append('\n');
            }
            return produced.toString();
        } finally {
            thread.shutdownNow();
            deleteTree(tmp);
        }
    }

    /** The line without what differs from one machine to the next; of an error's text, from one run to the next. */
    private static String portable(String line, String tmp, String data) {
        String same = line.replace(tmp, "${tmp}")
                .replace(data, "${data}")
                .replace("('" + System.getProperty("user.name") + "')", "('${user}')");
        if (!same.startsWith("# ")) {
            return same;
        }
        return same.replaceAll("@[0-9a-f]{5,8}\\b", "@...")
                .replaceAll("(Valid values are: )\\[.*]", "$1[...]")
                .replaceAll("(Missing conversion is \\w+\\[[^]]*]).*", "$1 ...");
    }

    private void cancelJobs() throws Exception {
        for (JobStatusMessage job : cluster.listJobs().get()) {
            if (!job.getJobState().isGloballyTerminalState()) {
                cluster.cancelJob(job.getJobId()).get();
            }
        }
    }

    /** Expected files whose case is gone. */
    private void findOrphans(String filter) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(cases)) {
            files = all.filter(file -> file.toString().endsWith(".rows")).sorted().toList();
        }
        for (Path file : files) {
            String name = cases.relativize(file).toString();
            if (name.contains(filter) && !Files.exists(Path.of(file.toString().replaceAll("\\.rows$", ".sql")))) {
                differ(name, "its case is gone");
                if (!check) {
                    Files.delete(file);
                }
            }
        }
    }

    private void differ(String name, String how) {
        differences++;
        System.out.println(name + ": " + how);
    }

    private static Path expectedFile(Path sql) {
        return Path.of(sql.toString().replaceAll("\\.sql$", ".rows"));
    }

    /** Lines that only one side has, stored ones with a minus. */
    private static String difference(String stored, String produced) {
        List<String> gone = new ArrayList<>(stored.lines().toList());
        List<String> added = new ArrayList<>();
        produced.lines().forEach(line -> {
            if (!gone.remove(line)) {
                added.add(line);
            }
        });
        StringBuilder text = new StringBuilder("differs");
        gone.forEach(line -> text.append("\n  - ").append(line));
        added.forEach(line -> text.append("\n  + ").append(line));
        return text.toString();
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> all = Files.walk(root)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
